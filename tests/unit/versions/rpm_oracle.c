/* What librpm says about pairs of versions.
 *
 * Reads versions from standard input, each ended by a zero byte, two a pair. Writes a line a
 * pair: whether each version is one that a package can have (1 or 0) and how they compare
 * (-1, 0, 1). librpm takes a version apart; it compares whatever it is given, so what rpmbuild
 * lets into a package is asked for here (test_rpm.py asks rpmbuild itself about some), and that
 * not all of the version is separators.
 *
 * Build: cc rpm_oracle.c -lrpm -lrpmio       Debian packages: gcc, libc6-dev, librpm-dev
 */
#include <rpm/rpmver.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define ALLOWED ALNUM "._+~^"

static int allowed(const char *part)
{
	return *part && !part[strspn(part, ALLOWED)];
}

static int accepted(rpmver version)
{
	return version && allowed(rpmverV(version)) && strpbrk(rpmverV(version), ALNUM) &&
	       (!rpmverR(version) || allowed(rpmverR(version)));
}

int main(void)
{
	char *text[2] = { NULL, NULL };
	size_t room[2] = { 0, 0 };

	while (getdelim(&text[0], &room[0], '\0', stdin) > 0 &&
	       getdelim(&text[1], &room[1], '\0', stdin) > 0) {
		rpmver a = rpmverParse(text[0]), b = rpmverParse(text[1]);
		int a_accepted = accepted(a), b_accepted = accepted(b);
		int order = a_accepted && b_accepted ? rpmverCmp(a, b) : 0;

		printf("%d %d %d\n", a_accepted, b_accepted, (order > 0) - (order < 0));
		rpmverFree(a);
		rpmverFree(b);
	}
	return 0;
}
