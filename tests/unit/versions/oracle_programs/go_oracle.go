// Asks golang.org/x/mod/semver; see README.md.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"oracle/semver"
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
		x, y, order := semver.IsValid(string(first)), semver.IsValid(string(second)), 0
		if x && y {
			order = semver.Compare(string(first), string(second))
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
