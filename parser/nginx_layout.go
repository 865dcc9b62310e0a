package parser

import (
	"hangup/event"
)

// Any log_format, as it stands in nginx.conf.
func init() {
	register(format{
		FormatInfo: FormatInfo{
			Name:      layoutFormat,
			Summary:   "nginx access log in any log_format, given as the layout",
			Example:   `--layout '$remote_addr [$time_local] "$request" $status $body_bytes_sent $request_time'`,
			Durations: true,
			Layout:    true,
		},
		rank: 60,
		make: func(o Options) (grammar, error) {
			l, err := compileLayout(o.Layout)
			if err != nil {
				return nil, err
			}
			return &nginxLayout{layout: l, clock: clock{zone: o.Zone}}, nil
		},
	})
}

type nginxLayout struct {
	oneLine
	layout *layout
	clock  clock
	x      exchange
}

func (g *nginxLayout) read(line string, r *event.Record) event.Reason {
	g.x.reset(line, g.layout.escape)
	if !g.layout.scan(line, &g.x) {
		return event.NoFormat
	}
	if a := g.x.values[vAddr]; a != "" && !isAddress(a) {
		return event.NoFormat
	}
	return g.x.event(&g.clock, &r.Event)
}
