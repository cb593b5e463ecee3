// Crashes on purpose and lets rollbar-go report: `crashes ENDPOINT ROOT VARIANT`.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/rollbar/rollbar-go"
)

var variant string

func report(name string, action func()) {
	defer func() {
		if e := recover(); e != nil {
			err, ok := e.(error)
			if !ok {
				err = fmt.Errorf("%v", e)
			}
			rollbar.ErrorWithStackSkipWithExtras(rollbar.ERR, err, 2, map[string]interface{}{"case": "go-" + name + "-" + variant})
		}
	}()
	action()
}

type cart struct{ items []int }

func (c *cart) first() int      { return c.items[0] }
func (c *cart) at(i int) int    { return c.items[i] }
func index(c *cart, i int) int  { return c.at(i) }
func divide(a, b int) int       { return a / b }
func lookup(m map[string]*cart) { m["x"].items = nil }
func must(err error) {
	if err != nil {
		panic(err)
	}
}
func parse(text string)  { _, err := strconv.Atoi(text); must(err) }
func decode(text string) { var v map[string]int; must(json.Unmarshal([]byte(text), &v)) }
func fail(text string)   { panic(errors.New(text)) }
func wrap(text string)   { panic(fmt.Errorf("outer: %w", errors.New(text))) }
func deep(n int) {
	if n == 0 {
		panic(errors.New("bottom"))
	}
	deep(n - 1)
}
func main() {
	rollbar.SetToken("00000000000000000000000000000000")
	rollbar.SetEndpoint(os.Args[1])
	rollbar.SetServerRoot(os.Args[2])
	variant = os.Args[3]
	two := variant == "two"
	pick := func(a, b string) string {
		if two {
			return b
		}
		return a
	}
	n := 3
	if two {
		n = 11
	}
	report("first", func() { (&cart{}).first() })
	report("index", func() { index(&cart{}, n) })
	report("zero", func() { divide(n, 0) })
	report("nil", func() { lookup(map[string]*cart{}) })
	report("parse", func() { parse(pick("x", "1,5")) })
	report("decode", func() { decode(pick("{", "[1]")) })
	report("fail", func() { fail(pick("order 12 lost", "order 4711 lost")) })
	report("wrap", func() { wrap(pick("a 12", "a 4711")) })
	report("deep", func() { deep(n) })
	rollbar.Wait()
}
