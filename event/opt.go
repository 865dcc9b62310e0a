package event

// Opt is a value that may be absent, for quantities whose zero means something.
type Opt[T any] struct {
	V  T    // the value; the zero value when OK is false
	OK bool // whether there is one
}

// Some returns an Opt that holds v.
func Some[T any](v T) Opt[T] { return Opt[T]{V: v, OK: true} }

// Or returns the value, or other when there is none.
func (o Opt[T]) Or(other T) T {
	if o.OK {
		return o.V
	}
	return other
}

// Ptr returns a pointer to a copy of the value, or nil when there is none.
func (o Opt[T]) Ptr() *T {
	if !o.OK {
		return nil
	}
	return &o.V
}
