namespace Hud.Cli.Session;

internal static class Suggestion
{
    private const int MaxLength = 64;

    /// <summary>The known word within two edits of what was written (case does not count), or null.</summary>
    public static string? For(string written, IEnumerable<string> known)
    {
        if (written.Length > MaxLength)
            return null;
        return known
            .Select(k => (Name: k, Edits: Distance(written.ToLowerInvariant(), k.ToLowerInvariant())))
            .Where(c => c.Edits <= 2)
            .OrderBy(c => c.Edits)
            .Select(c => c.Name)
            .FirstOrDefault();
    }

    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            (int diagonal, row[0]) = (row[0], i);
            for (int j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (
                    row[j],
                    Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1))
                );
        }

        return row[^1];
    }
}
