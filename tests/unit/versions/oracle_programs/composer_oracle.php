<?php
// Asks composer/semver: php composer_oracle.php FILE...; see README.md.
foreach (array_slice($argv, 1) as $file) {
    require $file;
}
$parser = new Composer\Semver\VersionParser();
$normalised = function (string $version) use ($parser): ?string {
    try {
        $normal = $parser->normalize($version);
    } catch (UnexpectedValueException $error) {
        return null;
    }
    // Composer never finds the name of a branch higher or lower than a version.
    return strpos($normal, 'dev-') === 0 ? null : $normal;
};
while (($line = fgets(STDIN)) !== false) {
    [$a, $b] = array_map($normalised, array_map('hex2bin', explode(' ', rtrim($line, "\n"))));
    $order = 0;
    if ($a !== null && $b !== null) {
        $order = Composer\Semver\Comparator::lessThan($a, $b) ? -1
            : (Composer\Semver\Comparator::greaterThan($a, $b) ? 1 : 0);
    }
    echo (int) ($a !== null), ' ', (int) ($b !== null), ' ', $order, "\n";
}
