package drill

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/anymarket-go/sdk/anymarket"
	"github.com/anymarket-go/sdk/anymarket/api"
	"github.com/anymarket-go/sdk/anymarket/report"
)

// writeReports writes the report of the window of each outbox, as a page: the
// first to a path, and that of another partner beside it. It returns where.
func (d *drill) writeReports(ctx context.Context, path string, language report.Language) (paths []string, err error) {
	extension := filepath.Ext(path)
	for _, p := range d.partners {
		if len(paths) > 0 {
			path = strings.TrimSuffix(path, extension) + "-" + p.name + extension
		}
		err := p.writeReport(ctx, path, language)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the client kept no outbox
		}
		if err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// writeReport writes that of the partner's outbox, which nobody holds any more.
// Of the orders it has what recheck said in the end.
func (p *partner) writeReport(ctx context.Context, path string, language report.Language) (err error) {
	o, err := anymarket.OpenOutbox(p.file(outboxFile)) //nolint:contextcheck // it takes none: opening is one scan of the file
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	source := report.Of(o)
	source.Idle = true
	options := report.Options{
		Name: windowName, From: p.start, To: p.back(), Format: report.HTML, Language: language, Zone: time.Local,
	}
	for _, r := range p.repair.left {
		options.Orders = append(options.Orders, r.forReport())
	}
	var page bytes.Buffer
	if _, err := report.Write(ctx, &page, source, options); err != nil {
		return err
	}
	return os.WriteFile(path, page.Bytes(), 0o600)
}

func (r rechecked) forReport() report.Recheck {
	out := report.Recheck{Account: r.account, From: r.from, To: r.to, Sums: anymarket.Rechecked(r.sums)}
	for _, d := range r.differences {
		key := anymarket.OrderKey{Marketplace: d.Marketplace, MarketplaceID: d.MarketplaceID}
		if d.MarketplaceID == "" {
			key = anymarket.OrderKey{ID: api.ID(d.ID)}
		}
		out.Differences = append(out.Differences, anymarket.Difference{
			Kind: anymarket.DifferenceKind(d.Kind), Action: anymarket.Action(d.Action), Key: key, Pushed: d.Pushed, Reason: d.Reason,
		})
	}
	return out
}
