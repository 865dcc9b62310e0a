package api

import (
	"context"
	"math"

	"hangup/event"
	"hangup/store"
)

// defaultRows is how many rows a heat map has when nothing is said.
const defaultRows = 40

// GetHeatmap gives exchanges by time and duration.
func (s *service) GetHeatmap(ctx context.Context, request GetHeatmapRequestObject) (GetHeatmapResponseObject, error) {
	p := request.Params
	a, f, err := s.resolve(ctx, p.From, p.To, p.Tz, p.F, false)
	if err != nil {
		return nil, err
	}
	steps, err := parseStep(a, p.Step, p.MaxPoints)
	if err != nil {
		return nil, err
	}
	rows := defaultRows
	if p.Rows != nil {
		rows = *p.Rows
	}
	heat, err := s.Store.Heatmap(ctx, a.Range, steps, f)
	if err != nil {
		return nil, err
	}
	return toHeatmap(a, steps, heat, rows), nil
}

func toHeatmap(a asked, steps store.Steps, heat store.Heat, rows int) GetHeatmap200JSONResponse {
	var all event.Histogram
	for i := range heat.Steps {
		all.Merge(&heat.Steps[i].Completed)
		all.Merge(&heat.Steps[i].Abandoned)
	}
	edges := rowEdges(&all, rows)
	out := GetHeatmap200JSONResponse{
		Range: a.toStepRange(steps), T: starts(a.Range, steps), EdgesMs: make([]float64, len(edges)),
		Completed: make([][]int64, len(heat.Steps)), Abandoned: make([][]int64, len(heat.Steps)),
		// Reports have no duration; exchanges have one or not.
		WithoutDuration: max(0, heat.Counts.Requests+reported(heat.Counts)-all.Count()),
	}
	for i, e := range edges {
		out.EdgesMs[i] = float64(e)
	}
	for i := range heat.Steps {
		out.Completed[i] = fillRows(&heat.Steps[i].Completed, edges)
		out.Abandoned[i] = fillRows(&heat.Steps[i].Abandoned, edges)
	}
	return out
}

// rowEdges returns the lower ends of at most n rows on a logarithmic scale that fits what h holds. They are ends of
// buckets, so that no bucket is in two rows, and they change rarely as data come in: the scale begins at a power of ten
// and ends at 1, 2 or 5 times one.
func rowEdges(h *event.Histogram, n int) []int64 {
	low, high := int64(1), int64(1000)
	if p1, ok := h.Quantile(0.01); ok {
		for low*10 <= p1 {
			low *= 10
		}
		top, _ := h.Quantile(0.999)
		high = roundUp(max(top, 10*low))
	}
	edges := []int64{0}
	for i := range n - 1 {
		v := float64(low) * math.Pow(float64(high)/float64(low), float64(i)/float64(n-2))
		e, _ := event.BucketRange(event.Bucket(int64(math.Round(v))))
		if e > edges[len(edges)-1] {
			edges = append(edges, e)
		}
	}
	return edges
}

// roundUp returns the smallest of 1, 2, 5, 10, 20, 50 ... that is not less than v.
func roundUp(v int64) int64 {
	for p := int64(1); ; p *= 10 {
		for _, m := range []int64{1, 2, 5} {
			if m*p >= v {
				return m * p
			}
		}
	}
}

// fillRows counts what h holds between the edges.
func fillRows(h *event.Histogram, edges []int64) []int64 {
	out := make([]int64, len(edges))
	row := 0
	for _, b := range h.Buckets() {
		low, _ := event.BucketRange(b)
		for row+1 < len(edges) && edges[row+1] <= low {
			row++
		}
		out[row] += h.Cell(b).Count
	}
	return out
}
