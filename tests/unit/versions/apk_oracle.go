// What an independent implementation of apk-tools 2 says about pairs of versions.
//
// Reads versions from standard input, one a line, two a pair; writes a line a pair: whether each
// is valid (true or false) and how they compare (-1, 0, 1).
// Debian packages: golang-go, golang-github-knqyf263-go-apk-version-dev
package main

import (
	"bufio"
	"fmt"
	"os"

	apk "github.com/knqyf263/go-apk-version"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	answers := bufio.NewWriter(os.Stdout)
	defer answers.Flush()
	for lines.Scan() {
		a := lines.Text()
		lines.Scan()
		b := lines.Text()
		order := apk.Version(a).Compare(apk.Version(b))
		fmt.Fprintln(answers, apk.Valid(a), apk.Valid(b), order)
	}
}
