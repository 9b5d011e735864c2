# Asks R's numeric_version (what is allowed) and compareVersion (the order); see README.md.
input <- file("stdin")
lines <- readLines(input)
close(input)
hexadecimal <- c(rbind(sub(" .*", "", lines), sub(".* ", "", lines)))
bytes <- function(h) {
  if (!nzchar(h)) return("")
  places <- seq(1L, by = 2L, length.out = nchar(h) / 2L)
  rawToChar(as.raw(strtoi(substring(h, places, places + 1L), 16L)))
}
versions <- vapply(hexadecimal, bytes, "", USE.NAMES = FALSE)
Encoding(versions) <- "UTF-8"
# Too large a number becomes NA, with a warning.
read <- suppressWarnings(unclass(numeric_version(versions, strict = FALSE)))
allowed <- vapply(read, function(numbers) length(numbers) > 0L && !anyNA(numbers), NA)
for (place in seq_along(lines)) {
  a <- 2L * place - 1L
  b <- 2L * place
  order <- if (allowed[a] && allowed[b]) utils::compareVersion(versions[a], versions[b]) else 0
  cat(as.integer(allowed[a]), as.integer(allowed[b]), order, "\n")
}
