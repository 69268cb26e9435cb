package store

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// Tx is one transaction of Write.
type Tx struct {
	tx *sql.Tx
	// note says that the statements are written down, for the other nodes of a
	// cluster; made are those that were.
	note bool
	made []statement
}

// Exec runs a statement that changes something.
func (t *Tx) Exec(query string, args ...any) (sql.Result, error) {
	if t.note {
		s, err := newStatement(query, args)
		if err != nil {
			return nil, err
		}
		t.made = append(t.made, s)
	}
	return t.tx.Exec(query, args...)
}

// Query reads rows. A statement that changes something must go through Exec.
func (t *Tx) Query(query string, args ...any) (*sql.Rows, error) { return t.tx.Query(query, args...) }

// QueryRow reads one row, as Query does.
func (t *Tx) QueryRow(query string, args ...any) *sql.Row { return t.tx.QueryRow(query, args...) }

// statement is one that changes something, as nodes tell each other.
type statement struct {
	Query string  `json:"q"`
	Args  []value `json:"a,omitempty"`
}

// value is one argument; none of its fields set is NULL.
type value struct {
	Int   *int64   `json:"i,omitempty"`
	Float *float64 `json:"f,omitempty"`
	Text  *string  `json:"s,omitempty"`
	Bytes *[]byte  `json:"b,omitempty"`
}

func newStatement(query string, args []any) (statement, error) {
	s := statement{Query: query}
	for _, arg := range args {
		converted, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return s, err
		}
		var v value
		switch c := converted.(type) {
		case nil:
		case int64:
			v.Int = &c
		case bool:
			n := int64(0)
			if c {
				n = 1
			}
			v.Int = &n
		case float64:
			v.Float = &c
		case string:
			v.Text = &c
		case []byte:
			if c != nil {
				v.Bytes = &c
			}
		case time.Time:
			return s, fmt.Errorf("a time is no argument of a statement: %q", query)
		}
		s.Args = append(s.Args, v)
	}
	return s, nil
}

// run runs the statement.
func (s statement) run(tx *sql.Tx) error {
	args := make([]any, len(s.Args))
	for i, v := range s.Args {
		switch {
		case v.Int != nil:
			args[i] = *v.Int
		case v.Float != nil:
			args[i] = *v.Float
		case v.Text != nil:
			args[i] = *v.Text
		case v.Bytes != nil:
			args[i] = *v.Bytes
		}
	}
	_, err := tx.Exec(s.Query, args...)
	return err
}

// encode writes a batch of statements, decode reads it back.
func encode(batch []statement) ([]byte, error) { return json.Marshal(batch) }

func decode(text []byte) (batch []statement, err error) {
	err = json.Unmarshal(text, &batch)
	return batch, err
}
