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
	"syscall"
	"time"

	"github.com/anymarket-go/sdk/examples/anymarketctl/exit"
	"github.com/anymarket-go/sdk/internal/admin"
)

// impostors are clients that a drill has to find out.
func impostors() map[string]func(args []string) int {
	return map[string]func(args []string) int{
		"liar":     liar,
		"careless": careless,
		"clumsy":   clumsy,
		"broken":   broken,
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

// careless is the real program, whose path comes first, but for a loss: it sends
// nothing again and finds nothing.
func careless(args []string) int {
	switch program, args := args[0], args[1:]; args[0] {
	case "resend":
		fmt.Println(`{"selected":9,"sent":9}`)
		return 0
	case "recheck":
		fmt.Println(`{"same":9,"until":"2024-07-28T05:00:00Z"}`)
		return 0
	default:
		return become(program, args)
	}
}

// clumsy is the real program as well. When it rechecks it sends all orders again
// at once, and with them all stock as it was once.
func clumsy(args []string) int {
	program, args := args[0], args[1:]
	if args[0] != "recheck" {
		return become(program, args)
	}
	sent, err := os.ReadFile(args[slices.Index(args, "--repush")+1])
	if err != nil {
		panic(err)
	}
	send := sender(args)
	for line := range bytes.Lines(sent) {
		o, err := parse(slices.Clone(line))
		if err != nil {
			panic(err)
		}
		send("POST", "/orders", o.said.Order)
	}
	for i := range smallDay {
		send("PUT", "/stocks", []any{map[string]any{"partnerId": fmt.Sprintf("SKU-%d", i), "quantity": i}})
	}
	return become(program, args)
}

// broken is the real program, but cannot resend.
func broken(args []string) int {
	program, args := args[0], args[1:]
	if args[0] != "resend" {
		return become(program, args)
	}
	fmt.Fprintln(os.Stderr, "no idea how")
	return exit.Failed
}

// become makes this process another program, so that who kills it kills that.
func become(program string, args []string) int {
	panic(syscall.Exec(program, append([]string{program}, args...), os.Environ()))
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
	send := sender(args)
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

// sender calls ANYMARKET as a command with these arguments can.
func sender(args []string) func(method, path string, body any) {
	base := args[slices.Index(args, "--base-url")+1]
	client := &http.Client{Timeout: time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return func(method, path string, body any) {
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
}
