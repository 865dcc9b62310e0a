package parser

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hangup/event"
)

// UserFormat is a format that a user defines: by a regular expression whose groups, or by keys of JSON objects whose
// values, are fields of a record. UserFields lists the fields.
type UserFormat struct {
	Name    string
	Pattern string              // RE2, with groups named after fields; looked for in each line
	JSON    map[string][]string // instead of Pattern: from a field to its keys, nested ones joined by dots; the first that is there counts
	Time    []string            // how the time is written, as strftime(3) or Java has it; none: in any of the usual forms
	Zone    *time.Location      // for times without a zone when the log has none; nil is UTC
	Rules   []UserRule          // the first that holds says whether a record is a disconnect; without one its words do
	Example string              // a line, which the format must understand; "" for none
}

// UserRule says what records with certain values are.
type UserRule struct {
	When  map[string][]string // from a field to the values of which it must have one; of message and error a part
	Party event.Party         // PartyNone: the record is no disconnect, whatever it says
	How   event.How           // HowNone is HowUnknown
	Phase event.Phase         // PhaseNone is PhaseUnknown
}

// UserFormats are formats that users defined. They do not change and may be used by many. Nil is an empty set.
type UserFormats struct {
	list []format
	sum  string
}

// DefinitionError says what is wrong with a user's format.
type DefinitionError struct {
	Format string   // its name
	Key    []string // where in it: "json", "path"; a rule or one of several times by its number from 0: "disconnect", "0", "when"
	Err    error
}

// Error names the format, the place in it and the fault.
func (e *DefinitionError) Error() string {
	place := []byte(e.Format)
	for _, k := range e.Key {
		if _, isNumber := count(k); isNumber {
			place = fmt.Appendf(place, "[%s]", k)
		} else {
			place = append(append(place, '.'), k...)
		}
	}
	return fmt.Sprintf("format %s: %v", place, e.Err)
}

// Unwrap returns the fault alone.
func (e *DefinitionError) Unwrap() error { return e.Err }

// DefineFormats checks users' formats and makes a set of them. The error is a *DefinitionError.
func DefineFormats(list []UserFormat) (*UserFormats, error) {
	set := &UserFormats{}
	for i := range list {
		if err := set.add(list[i]); err != nil {
			return nil, err
		}
	}
	if len(list) > 0 {
		h := fnv.New64a()
		_, _ = fmt.Fprintf(h, "%+v", list) // maps are printed in the order of their keys
		set.sum = strconv.FormatUint(h.Sum64(), 16)
	}
	return set, nil
}

// Fingerprint names the definitions: with another one, lines may be read otherwise. It is "" for an empty set.
func (s *UserFormats) Fingerprint() string {
	if s == nil {
		return ""
	}
	return s.sum
}

var userName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

func (s *UserFormats) add(u UserFormat) error {
	fault := func(err error, key ...string) error { return &DefinitionError{u.Name, key, err} }
	if !userName.MatchString(u.Name) {
		return fault(errors.New("a format's name has letters, digits, - and _ only, 64 at most"))
	}
	if _, taken := (Options{Format: u.Name, User: s}).lookup(); taken || isReserved(u.Name) {
		return fault(errors.New("the name is taken by another format: choose one of your own"))
	}
	d, key, err := u.compile()
	if err != nil {
		return fault(err, key...)
	}
	f := format{
		FormatInfo: FormatInfo{Name: u.Name, Summary: "of your own, by a pattern", Example: u.Example, Durations: d.took, Multiline: d.text},
		rank:       d.rank(),
		user:       true,
		make:       func(o Options) (grammar, error) { return d.grammar(o), nil },
	}
	if d.expr == nil {
		f.Summary = "of your own, by the keys of JSON objects"
	}
	s.list = append(s.list, f)
	if u.Example != "" {
		if why := tryExample(d.grammar(Options{}), u.Example); why != "" {
			return fault(fmt.Errorf("the format does not understand its example: %s", reasonText[why]), "example")
		}
	}
	return nil
}

// isReserved says whether a name means something else where formats are named.
func isReserved(name string) bool {
	_, envelope := envelopeNamed(name)
	return envelope || name == "auto"
}

// tryExample reads a line and returns why it is not understood.
func tryExample(g grammar, line string) event.Reason {
	first, _, _ := strings.Cut(line, "\n")
	r := event.Record{Lines: 1 + strings.Count(line, "\n"), Text: line}
	g.place(first, false)
	return g.read(line, &r)
}

var reasonText = map[event.Reason]string{
	event.NoFormat: "it does not match", event.BadTime: "its time is not understood", event.BadNumber: "a number in it is none",
}

// Formats lists the formats of the set in the order in which they were defined.
func (s *UserFormats) Formats() []FormatInfo {
	var list []FormatInfo
	for _, f := range s.all() {
		list = append(list, f.FormatInfo)
	}
	return list
}

func (s *UserFormats) all() []format {
	if s == nil {
		return nil
	}
	return s.list
}

func (s *UserFormats) format(name string) (format, bool) {
	for _, f := range s.all() {
		if f.Name == name {
			return f, true
		}
	}
	return format{}, false
}

// userFormat is a format that was checked. It is shared by its readers and does not change.
type userFormat struct {
	expr   *regexp.Regexp
	groups []int          // the field of each group, -1 for none
	keys   *jsonTable     // without expr: from a JSON key to its field and 1
	fields map[string]int // names of fields: the standard ones and the format's own
	given  []bool         // fields that the format has
	least  int            // how many of them a JSON object must have
	stamps []stampFormat
	zone   *time.Location
	rules  []userRule

	took, sized bool // it has a duration, a size
	text        bool // records of several lines are its own: it has a message
}

// userRule is a rule that was checked.
type userRule struct {
	UserRule
	conditions []condition
}

type condition struct {
	field  int
	part   bool // a part of the text, in any case of its letters, is enough
	values []string
}

// rank puts a format before the built-in ones. One whose lines may be anybody's is read only where it is named.
func (d *userFormat) rank() int {
	if d.expr == nil || d.given[ufTime] || d.given[ufStatus] && (d.given[ufPath] || d.given[ufRequest]) {
		return 1
	}
	return permissive
}

// compile checks the format. With an error it says in which key it is.
func (u *UserFormat) compile() (d *userFormat, key []string, err error) {
	d = &userFormat{zone: u.Zone, fields: maps.Clone(userFields)}
	for _, r := range u.Rules { // a field that rules ask for may have any name
		for name := range r.When {
			if _, known := d.fields[name]; !known && userName.MatchString(name) {
				d.fields[name] = len(d.fields)
			}
		}
	}
	d.given = make([]bool, len(d.fields))
	switch {
	case u.Pattern != "" && len(u.JSON) > 0:
		return nil, []string{"json"}, errors.New("a format has a pattern or keys of JSON, not both")
	case u.Pattern != "":
		if err := d.compilePattern(u.Pattern); err != nil {
			return nil, []string{"pattern"}, err
		}
	case len(u.JSON) > 0:
		if at, err := d.compileKeys(u.JSON); err != nil {
			return nil, []string{"json", at}, err
		}
	default:
		return nil, nil, errors.New("it needs a pattern, or json: with the keys of its fields")
	}
	d.took = slices.Contains(d.given[ufSpan:ufNanos+1], true)
	d.sized, d.text = d.given[ufBytes], d.expr != nil && d.given[ufMessage]
	for i, text := range u.Time {
		f, err := timeFormat(text)
		if err != nil {
			return nil, []string{"time", fmt.Sprint(i)}, err
		}
		d.stamps = append(d.stamps, f)
	}
	for i := range u.Rules {
		if at, err := d.compileRule(&u.Rules[i]); err != nil {
			return nil, append([]string{"disconnect", fmt.Sprint(i)}, at...), err
		}
	}
	return d, nil, nil
}

func (d *userFormat) compilePattern(pattern string) (err error) {
	if d.expr, err = regexp.Compile(pattern); err != nil {
		return fmt.Errorf("%w (the syntax is RE2's: no look-around, no back-references)", err)
	}
	named := 0
	for _, name := range d.expr.SubexpNames() {
		at := -1
		if name != "" {
			if at, err = d.field(name); err != nil {
				return fmt.Errorf("group %w", err)
			}
			d.given[at] = true
			named++
		}
		d.groups = append(d.groups, at)
	}
	if named == 0 {
		return errors.New("it has no named group, as (?P<message>.*)")
	}
	return nil
}

func (d *userFormat) compileKeys(list map[string][]string) (at string, err error) {
	keys := map[string]uint8{}
	if len(d.fields) > maxUserFields {
		return "", fmt.Errorf("more than %d fields", maxUserFields)
	}
	for _, name := range slices.Sorted(maps.Keys(list)) {
		at, err := d.field(name)
		if err != nil {
			return name, fmt.Errorf("field %w", err)
		}
		if len(list[name]) == 0 || slices.Contains(list[name], "") {
			return name, errors.New("the key of the field is missing")
		}
		for _, key := range list[name] {
			if _, twice := keys[key]; twice {
				return name, fmt.Errorf("the key %q is of another field already", key)
			}
			keys[key] = uint8(at + 1)
		}
		d.given[at] = true
	}
	d.keys, d.least = newJSONTable(keys), min(2, len(list))
	return "", nil
}

// maxUserFields bounds the fields of one format, by what a jsonScanner has places for.
const maxUserFields = 62

// field finds a field. The error names the nearest.
func (d *userFormat) field(name string) (int, error) {
	if at, ok := d.fields[name]; ok {
		return at, nil
	}
	return 0, fmt.Errorf("%q is not known; did you mean %s? A name of your own must be asked for by a rule in disconnect. Fields are: %s",
		name, strings.Join(nearest(name, UserFields()), " or "), strings.Join(UserFields(), ", "))
}

func (d *userFormat) compileRule(r *UserRule) (at []string, err error) {
	rule := userRule{UserRule: *r}
	if len(r.When) == 0 {
		return nil, errors.New("it needs when: with a field and its value, as status: 499")
	}
	for _, name := range slices.Sorted(maps.Keys(r.When)) {
		field, err := d.field(name)
		if err == nil && !d.given[field] {
			err = fmt.Errorf("%q is no field of this format: name it in the pattern or in json", name)
		}
		if err == nil && len(r.When[name]) == 0 {
			err = errors.New("the value is missing")
		}
		if err != nil {
			return []string{"when", name}, err
		}
		part := field == ufMessage || field == ufError
		values := slices.Clone(r.When[name])
		for i := range values {
			if part {
				values[i] = strings.ToLower(values[i])
			}
			if part && values[i] == "" {
				return []string{"when", name}, errors.New("the text is empty: it would be part of every " + name)
			}
		}
		rule.conditions = append(rule.conditions, condition{field, part, values})
	}
	if rule.Party != event.PartyNone && rule.How == event.HowNone {
		rule.How = event.HowUnknown
	}
	if rule.Party != event.PartyNone && rule.Phase == event.PhaseNone {
		rule.Phase = event.PhaseUnknown
	}
	if r.Party == event.PartyNone && (r.How != event.HowNone || r.Phase != event.PhaseNone) {
		return nil, errors.New("party is missing: client, upstream, server or unknown")
	}
	d.rules = append(d.rules, rule)
	return nil, nil
}

// timeFormat reads a layout of times, as strftime(3) or Java has it.
func timeFormat(s string) (f stampFormat, err error) {
	switch {
	case strings.Contains(s, "%"):
		f, err = strftimeFormat(s)
	case strings.Contains(s, "2006"):
		return nil, fmt.Errorf("the time format %q is Go's: write it as strftime has it, %%Y-%%m-%%d %%H:%%M:%%S", s)
	default:
		f, err = javaFormat(s)
	}
	if err == nil && !slices.ContainsFunc(f, func(e stampElement) bool { return e.letter != 0 }) {
		err = fmt.Errorf("the time format %q has no part of a time, as %%H or HH", s)
	}
	return f, err
}
