using Hud.Core.Profile;

namespace Hud.Analysis;

/// <summary>Short names for images, different for each of a session. Pure.</summary>
internal static class ImageVersions
{
    private const int MaxLength = 60;

    /// <returns>
    /// By image and digest: the tag; with the repository's last part where there are several repositories, and with the digest where a tag is not
    /// one program.
    /// </returns>
    public static IReadOnlyDictionary<(string Image, string Digest), string> Of(IReadOnlyList<TargetProfile> targets)
    {
        var images = targets
            .Where(t => t.Image is { Length: > 0 })
            .Select(t => (Image: t.Image!, Digest: t.ImageDigest ?? ""))
            .Distinct()
            .ToList();
        bool oneRepository =
            images.Select(i => Split(i.Image).Repository).Distinct(StringComparer.Ordinal).Count() <= 1;
        var names = images.ToDictionary(i => i, i => Name(i.Image, oneRepository));
        var twice = names.Values.CountBy(n => n, StringComparer.Ordinal).Where(c => c.Value > 1).Select(c => c.Key);
        var ambiguous = twice.ToHashSet(StringComparer.Ordinal);
        return names.ToDictionary(
            n => n.Key,
            n => ambiguous.Contains(n.Value) && n.Key.Digest.Length > 0 ? $"{n.Value}@{n.Key.Digest}" : n.Value
        );
    }

    private static string Name(string image, bool oneRepository)
    {
        var (repository, tag) = Split(image);
        string last = repository[(repository.LastIndexOf('/') + 1)..];
        string name =
            tag.Length == 0 ? last
            : oneRepository ? tag
            : $"{last}:{tag}";
        return name.Length <= MaxLength ? name : string.Concat("...", name.AsSpan(name.Length - MaxLength + 3));
    }

    /// <summary><c>registry:5000/shop/checkout:v1.4.2@sha256:...</c>: a colon before the last slash is a port.</summary>
    private static (string Repository, string Tag) Split(string image)
    {
        string named = image.Split('@')[0];
        int colon = named.LastIndexOf(':');
        if (colon > named.LastIndexOf('/'))
            return (named[..colon], named[(colon + 1)..]);
        // pinned by digest alone
        int digest = image.IndexOf("@sha256:", StringComparison.Ordinal);
        return (named, digest < 0 ? "" : image[(digest + 8)..][..Math.Min(12, image.Length - digest - 8)]);
    }
}
