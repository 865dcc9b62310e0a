package store

func init() {
	joinBudget, sliceBudget = "20s", "2min" // the machine that tests run on may have other work
	clientsAtOnce = 64 << 10                // so that thousands of clients are very many
}

// SetSliceBudget bounds the time that joining a slice of reports may take, as PostgreSQL writes times.
func (s *Store) SetSliceBudget(d string) { s.sliceBudget = d }
