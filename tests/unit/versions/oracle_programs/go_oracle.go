// Asks a package that has IsValid and Compare; its import path is put in before the build, see
// language_oracles.py. See README.md for what is asked and answered.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	versions "PACKAGE"
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
		x, y, order := versions.IsValid(string(first)), versions.IsValid(string(second)), 0
		if x && y {
			order = versions.Compare(string(first), string(second))
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
