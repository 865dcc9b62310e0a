package event

import "errors"

// Class says what kept a batch from being stored.
type Class string

// The classes of failures.
const (
	Unreachable Class = "connection" // the database is away, or the connection to it broke
	TooSlow     Class = "timeout"    // it took longer than it may
	Conflict    Class = "conflict"   // another transaction was in the way
	DiskFull    Class = "disk_full"  // the database has no space left
	NoResources Class = "resources"  // the database has no memory or no connection left
	OtherClass  Class = "other"
)

// Classes returns all classes.
func Classes() []Class {
	return []Class{Unreachable, TooSlow, Conflict, DiskFull, NoResources, OtherClass}
}

// Failure is an error of a class.
type Failure struct {
	Class Class
	Err   error
}

// Error says what failed; a full disk is named first.
func (f *Failure) Error() string {
	if f.Class == DiskFull {
		return "the database's disk is full: " + f.Err.Error()
	}
	return f.Err.Error()
}

// Unwrap returns the error.
func (f *Failure) Unwrap() error { return f.Err }

// ClassOf returns the class of the Failure in err's chain, or OtherClass.
func ClassOf(err error) Class {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Class
	}
	return OtherClass
}
