package anymarkettest

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"time"
)

// AdminPath is where a fake on a real port is told of maintenance:
//
//	POST /_fake/maintenance?for=4h   begins one
//	DELETE /_fake/maintenance        ends it
//	GET /_fake/maintenance           tells
//	GET /_fake/log                   the requests, as JSON
//
// It asks for no token, so listen on loopback.
const AdminPath = "/_fake/"

// Listen serves the fake on a real address too, such as "127.0.0.1:0", until
// Close, and returns the base URL for clients. Ctx bounds the opening only.
// Not for bubbles: a real socket stops their clock.
func (s *Server) Listen(ctx context.Context, address string) (baseURL string, err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	s.listening = true
	s.mu.Unlock()
	mux := http.NewServeMux()
	mux.Handle("/", s.routes(true))
	mux.HandleFunc(AdminPath+"maintenance", s.adminMaintenance)
	mux.HandleFunc("GET "+AdminPath+"log", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Log()) })
	s.serve(l, &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute, ConnState: s.countReal})
	return "http://" + l.Addr().String() + "/v2", nil
}

func (s *Server) countReal(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.real.Add(1)
	case http.StateHijacked, http.StateClosed: // the ends of a connection
		s.real.Add(-1)
	default:
	}
}

func (s *Server) adminMaintenance(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		d, err := time.ParseDuration(r.FormValue("for"))
		if err != nil || d <= 0 {
			http.Error(w, "for: want a duration such as 4h", http.StatusBadRequest)
			return
		}
		s.Maintenance(d)
	case http.MethodDelete:
		s.EndMaintenance()
	case http.MethodGet:
	default:
		w.Header().Set("Allow", "GET, POST, DELETE")
		http.Error(w, "want GET, POST or DELETE", http.StatusMethodNotAllowed)
		return
	}
	state := struct {
		Down  bool      `json:"down"`
		Until time.Time `json:"until,omitzero"`
	}{}
	state.Until, state.Down = s.Down()
	writeJSON(w, state)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
