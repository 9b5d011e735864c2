/* What dpkg itself says about pairs of versions.
 *
 * Reads versions from standard input, each ended by a zero byte, two a pair. Writes a line a
 * pair: whether each version is accepted without an error or a warning (1 or 0, as
 * "dpkg --validate-version" does) and how they compare (-1, 0, 1).
 *
 * Build: cc dpkg_oracle.c -ldpkg -lmd        Debian packages: gcc, libc6-dev, libdpkg-dev, libmd-dev
 */
#define LIBDPKG_VOLATILE_API
#include <dpkg/dpkg-db.h>
#include <dpkg/error.h>
#include <dpkg/version.h>
#include <stdio.h>
#include <stdlib.h>

static int accepted(const char *text, struct dpkg_version *version)
{
	struct dpkg_error error = DPKG_ERROR_INIT;
	int bad = parseversion(version, text, &error);

	dpkg_error_destroy(&error);
	return !bad;
}

int main(void)
{
	char *text[2] = { NULL, NULL };
	size_t room[2] = { 0, 0 };

	while (getdelim(&text[0], &room[0], '\0', stdin) > 0 &&
	       getdelim(&text[1], &room[1], '\0', stdin) > 0) {
		struct dpkg_version a = DPKG_VERSION_INIT, b = DPKG_VERSION_INIT;
		int a_accepted = accepted(text[0], &a), b_accepted = accepted(text[1], &b);
		int order = a_accepted && b_accepted ? dpkg_version_compare(&a, &b) : 0;

		printf("%d %d %d\n", a_accepted, b_accepted, (order > 0) - (order < 0));
	}
	return 0;
}
