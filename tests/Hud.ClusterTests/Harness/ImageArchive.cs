using System.Formats.Tar;
using System.Text.Json.Nodes;

namespace Hud.ClusterTests.Harness;

/// <param name="Size">Bytes of a regular file; 0 for links and folders.</param>
internal sealed record ImageFile(long Size, int Uid, int Gid, UnixFileMode Mode);

/// <summary>An image in a Docker archive, as it is on disk: nothing is run.</summary>
/// <param name="Id">Digest of the configuration, <c>sha256:...</c>: by it the runtime names the image.</param>
/// <param name="Files">By path without the leading slash; what a later layer replaces is gone, what it deletes is too.</param>
/// <param name="Certificates">Text of <c>/etc/ssl/certs/ca-certificates.crt</c>.</param>
internal sealed record ImageArchive(
    string Id,
    JsonNode Config,
    IReadOnlyDictionary<string, ImageFile> Files,
    string Certificates
)
{
    public static ImageArchive Read(string archive)
    {
        var manifest = JsonNode.Parse(Text(archive, "manifest.json"))![0]!;
        var config = manifest["Config"]!.GetValue<string>();
        var files = new Dictionary<string, ImageFile>(StringComparer.Ordinal);
        var certificates = "";
        foreach (var layer in manifest["Layers"]!.AsArray())
        {
            WithEntry(
                archive,
                layer!.GetValue<string>(),
                data =>
                {
                    using var tar = new TarReader(data);
                    while (tar.GetNextEntry() is { } entry)
                    {
                        var path = entry.Name.StartsWith("./", StringComparison.Ordinal)
                            ? entry.Name[2..]
                            : entry.Name.TrimStart('/');
                        // a layer deletes a file by an empty one with this prefix
                        if (Path.GetFileName(path).StartsWith(".wh.", StringComparison.Ordinal))
                            files.Remove(path.Replace("/.wh.", "/", StringComparison.Ordinal));
                        else
                            files[path] = new ImageFile(
                                entry.EntryType == TarEntryType.RegularFile ? entry.Length : 0,
                                entry.Uid,
                                entry.Gid,
                                entry.Mode
                            );
                        if (path == "etc/ssl/certs/ca-certificates.crt")
                            certificates = new StreamReader(entry.DataStream!).ReadToEnd();
                    }
                }
            );
        }
        return new ImageArchive(
            "sha256:" + Path.GetFileNameWithoutExtension(config),
            JsonNode.Parse(Text(archive, config))!,
            files,
            certificates
        );
    }

    private static string Text(string archive, string name)
    {
        var text = "";
        WithEntry(archive, name, data => text = new StreamReader(data).ReadToEnd());
        return text;
    }

    private static void WithEntry(string archive, string name, Action<Stream> read)
    {
        using var tar = new TarReader(File.OpenRead(archive));
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.Name == name)
            {
                read(entry.DataStream!);
                return;
            }
        }
        Assert.Fail($"{archive} has no {name}");
    }
}
