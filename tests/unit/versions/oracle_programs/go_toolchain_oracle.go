// Asks go/version of Go's standard library; see README.md.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"go/version"
	"os"
	"strings"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		a, b, _ := strings.Cut(lines.Text(), " ")
		first, _ := hex.DecodeString(a)
		second, _ := hex.DecodeString(b)
		x, y, order := version.IsValid(string(first)), version.IsValid(string(second)), 0
		if x && y {
			order = version.Compare(string(first), string(second))
		}
		fmt.Fprintln(out, number(x), number(y), order)
	}
}

func number(truth bool) int {
	if truth {
		return 1
	}
	return 0
}
