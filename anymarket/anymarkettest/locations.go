package anymarkettest

import "net/http"

type locationBody struct {
	Name    string `json:"name"`
	Virtual bool   `json:"virtual"`
	Default bool   `json:"defaultLocal"`
	ZipCode string `json:"zipCode"`
}

// listLocations answers GET /stocks/locals, also the cheap call of canaries.
func listLocations(c *call) answer {
	out := []map[string]any{}
	for _, l := range sortedBy(c.a.locations) {
		out = append(out, c.location(l))
	}
	return c.value(http.StatusOK, out)
}

// getLocation answers GET /stocks/locals/{id}, in one of its two forms.
func getLocation(c *call) answer {
	l, ok := c.a.locations[c.pathID("id")]
	switch {
	case !ok:
		return c.missing(c.r.PathValue("id"))
	case c.s.o.OtherSpelling:
		return c.locationMessage(l)
	default:
		return c.value(http.StatusOK, c.location(l))
	}
}

func (c *call) locationMessage(l Location) answer {
	return c.value(http.StatusOK, map[string]any{"message": "OK", "data": c.location(l)})
}

// writeLocation answers POST /stocks/locals and PUT /stocks/locals/{id}.
func writeLocation(c *call) answer {
	var b locationBody
	if err := c.decode(&b); err != nil {
		return c.refuse(http.StatusBadRequest, "JSON inv\u00e1lido: %v", err)
	}
	if b.Name == "" || len(b.Name) > 200 {
		return c.refuse(http.StatusUnprocessableEntity, "name \u00e9 obrigat\u00f3rio, com at\u00e9 200 caracteres")
	}
	l := Location{ID: c.pathID("id"), Name: b.Name, Virtual: b.Virtual, Default: b.Default, ZipCode: b.ZipCode}
	if c.r.Method == http.MethodPost {
		l.ID = c.a.addLocationLocked(l)
	} else if c.a.locations[l.ID].ID == 0 {
		return c.missing(c.r.PathValue("id"))
	}
	if l.Default {
		for id, other := range c.a.locations {
			other.Default = false
			c.a.locations[id] = other
		}
	}
	c.a.locations[l.ID] = l
	c.effect(LocationSet, itoa(l.ID), string(c.body))
	return c.locationMessage(l)
}

// deleteLocation answers DELETE /stocks/locals/{id}, in one of its two forms.
func deleteLocation(c *call) answer {
	l, ok := c.a.locations[c.pathID("id")]
	switch {
	case !ok:
		return c.missing(c.r.PathValue("id"))
	case l.Default:
		return c.refuse(http.StatusUnprocessableEntity, "O local padr\u00e3o n\u00e3o pode ser removido")
	}
	delete(c.a.locations, l.ID)
	c.effect(LocationGone, itoa(l.ID), "")
	if c.s.o.OtherSpelling {
		return c.done()
	}
	return c.value(http.StatusOK, map[string]any{"message": "OK", "data": l.ID})
}
