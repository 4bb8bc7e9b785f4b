using System.Reflection;
using System.Text;

namespace Hud.Reports.Page;

/// <summary>What a page of docs/causes says first.</summary>
internal sealed record CausePage(string Slug, string Title, string FirstParagraph);

/// <summary>The cause pages of the documentation, embedded: title and first paragraph of each, in the reader's hands without the docs.</summary>
internal static class CausePages
{
    private const string Prefix = "causes/";

    private static readonly Lazy<Dictionary<string, CausePage>> All = new(() =>
        Assembly
            .GetExecutingAssembly()
            .GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(Read)
            .ToDictionary(page => page.Slug, StringComparer.Ordinal)
    );

    public static IEnumerable<CausePage> Known => All.Value.Values;

    public static CausePage? Find(string slug) => All.Value.GetValueOrDefault(slug);

    private static CausePage Read(string name)
    {
        using var reader = new StreamReader(
            Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!,
            Encoding.UTF8
        );
        string[] blocks = reader.ReadToEnd().Split("\n\n", 3);
        return new CausePage(
            Path.GetFileNameWithoutExtension(name[Prefix.Length..]),
            blocks[0].TrimStart('#', ' ').Trim(),
            blocks[1].Replace('\n', ' ').Trim()
        );
    }
}
