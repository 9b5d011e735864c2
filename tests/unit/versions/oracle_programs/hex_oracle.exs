# Asks Elixir's Version, which Hex uses; see README.md.
parsed = fn hex ->
  case Version.parse(Base.decode16!(hex, case: :lower)) do
    {:ok, version} -> version
    :error -> nil
  end
end

for line <- IO.stream(:stdio, :line) do
  [a, b] = line |> String.trim_trailing("\n") |> String.split(" ") |> Enum.map(parsed)

  order =
    if a && b do
      %{lt: -1, eq: 0, gt: 1}[Version.compare(a, b)]
    else
      0
    end

  IO.puts("#{if a, do: 1, else: 0} #{if b, do: 1, else: 0} #{order}")
end
