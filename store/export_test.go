package store

import "time"

func init() {
	joinBudget, sliceBudget = "20s", "2min" // the machine that tests run on may have other work
	clientsAtOnce = 64 << 10                // so that thousands of clients are very many
}

// SetSliceBudget bounds the time that joining a slice of reports may take, as PostgreSQL writes times.
func (s *Store) SetSliceBudget(d string) { s.sliceBudget = d }

// SetJoinMost bounds how many records joining looks at together.
func (s *Store) SetJoinMost(n int) { s.joinMost = n }

// SetCrowdBudget bounds the time that a call of JoinDue takes for what is too much.
func (s *Store) SetCrowdBudget(d time.Duration) { s.crowdBudget = d }
