package store

func init() { joinBudget = "20s" } // the machine that tests run on may have other work
