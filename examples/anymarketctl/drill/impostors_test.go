package drill

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

// impostors are clients that a drill has to find out.
func impostors() map[string]func(args []string) int {
	return map[string]func(args []string) int{
		"liar": liar,
		"quitter": func([]string) int {
			fmt.Fprintln(os.Stderr, "no such flag")
			return 2
		},
		"babbler": func([]string) int {
			fmt.Println("hello")
			return 0
		},
		"full":    refuser("full", exit.Failed),
		"refuser": refuser("invalid", exit.Refused),
		"idler": func(args []string) int {
			if args[0] == "status" {
				fmt.Println("{}")
				return 0
			}
			_, _ = io.Copy(io.Discard, os.Stdin)
			return 0
		},
	}
}

// refuser takes nothing.
func refuser(code admin.Code, ends int) func(args []string) int {
	return func(args []string) int {
		switch args[0] {
		case "status":
			fmt.Println("{}")
			return 0
		case "send":
		default:
			return 0
		}
		in := bufio.NewScanner(os.Stdin)
		for n := 1; in.Scan(); n++ {
			fmt.Printf(`{"n":%d,"error":"no","code":%q}`+"\n", n, code)
		}
		return ends
	}
}

// liar answers each operation with a receipt that is worth nothing: it sends it
// once, without waiting for what comes of it, and some orders and sales twice. Its
// books are spotless.
func liar(args []string) int {
	switch args[0] {
	case "status":
		fmt.Println("{}")
		return 0
	case "send":
	default:
		return 0
	}
	base := args[slices.Index(args, "--base-url")+1]
	client := &http.Client{Timeout: time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	send := func(method, path string, body any) {
		data, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		req, err := http.NewRequest(method, base+path, bytes.NewReader(data))
		if err != nil {
			panic(err)
		}
		token := os.Getenv("ANYMARKET_TOKEN")
		if i := slices.Index(args, "--app-id"); i >= 0 {
			req.Header.Set("appId", args[i+1])
			req.Header.Set("token", token)
		} else {
			req.Header.Set("gumgaToken", token)
		}
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}
	in := bufio.NewScanner(os.Stdin)
	for n := 1; in.Scan(); n++ {
		fmt.Printf(`{"n":%d,"id":"lie-%d"}`+"\n", n, n)
		o, err := parse(slices.Clone(in.Bytes()))
		if err != nil {
			continue
		}
		switch o.op {
		case opStock:
			send("PUT", "/stocks", []any{map[string]any{"partnerId": o.said.PartnerID, "quantity": o.said.Quantity}})
		case opPrice:
			send("PUT", "/skus/marketplaces/prices", []any{map[string]any{"id": o.said.Ad, "price": o.said.Price, "discountPrice": o.said.DiscountPrice}})
		case opCreate:
			send("POST", "/orders", o.said.Order)
			if n%9 == 0 {
				send("POST", "/orders", o.said.Order)
			}
		case opNotify:
			send("POST", "/orders", o.said.Sale)
			if n%9 == 0 {
				send("POST", "/orders", o.said.Sale)
			}
		}
	}
	return 0
}
