using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hud.Elf;

namespace Hud.Unwinding.Tests;

/// <summary>
/// A recording kept in the repository: gzip of JSON lines, first the needed parts of each mapped file
/// (<c>{"file","length","parts":[[offset,base64],...]}</c>), then the recording's own lines.
/// </summary>
internal static class RecordedFixture
{
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "recorded");

    public static void Write(
        string path,
        string[] recording,
        IReadOnlyList<RecordedState> states,
        int maxStates,
        string output
    )
    {
        var kept = Thin(recording, maxStates);
        using var gzip = new GZipStream(File.Create(path), CompressionLevel.SmallestSize);
        using var writer = new StreamWriter(gzip);
        foreach (
            var group in states
                .SelectMany(Addresses)
                .GroupBy(a => a.Module.Path, StringComparer.Ordinal)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
        )
        {
            if (group.Key == "[vdso]")
            {
                continue; // whole in the recording
            }

            var module = group.First().Module;
            var sliced = SlicedFile.Of(
                module.Elf!,
                [.. group.Select(a => a.Module.ToElfAddress(a.Address)).Distinct()]
            );
            var parts = new JsonArray([
                .. sliced.Parts.Select(p => new JsonArray(p.Key, Convert.ToBase64String(p.Value))),
            ]);
            writer.WriteLine(
                new JsonObject
                {
                    ["file"] = Rename(group.Key, output),
                    ["length"] = sliced.Length,
                    ["parts"] = parts,
                }.ToJsonString()
            );
        }

        foreach (var line in kept)
        {
            writer.WriteLine(Rename(line, output));
        }
    }

    public static List<RecordedState> Read(string path)
    {
        var files = new Dictionary<string, SlicedFile>(StringComparer.Ordinal);
        var recording = new List<string>();
        using var reader = new StreamReader(
            new GZipStream(File.OpenRead(path), CompressionMode.Decompress),
            Encoding.UTF8
        );
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith("{\"file\"", StringComparison.Ordinal))
            {
                recording.Add(line);
                continue;
            }

            using var document = JsonDocument.Parse(line);
            var file = new SlicedFile(document.RootElement.GetProperty("length").GetInt64());
            foreach (var part in document.RootElement.GetProperty("parts").EnumerateArray())
            {
                file.Parts[part[0].GetInt64()] = part[1].GetBytesFromBase64();
            }

            files[document.RootElement.GetProperty("file").GetString()!] = file;
        }

        return StackRecording.Read(recording, files.GetValueOrDefault);
    }

    private static IEnumerable<(Module Module, ulong Address)> Addresses(RecordedState state)
    {
        foreach (var frame in state.Frames)
        {
            foreach (var address in new[] { frame.Pc, frame.Pc - 1 })
            {
                if (state.Modules.Find(address, out var module) == AddressKind.Module)
                {
                    yield return (module!, address);
                }
            }
        }
    }

    // Header lines stay; of the states an even choice.
    private static IEnumerable<string> Thin(string[] recording, int maxStates)
    {
        var states = recording.Count(l => !l.StartsWith("{\"maps\"", StringComparison.Ordinal));
        var seen = 0;
        foreach (var line in recording)
        {
            var isState = !line.StartsWith("{\"maps\"", StringComparison.Ordinal);
            var before = seen * maxStates / Math.Max(1, states);
            seen += isState ? 1 : 0;
            if (!isState || states <= maxStates || before != seen * maxStates / states)
            {
                yield return line;
            }
        }
    }

    private static string Rename(string text, string output) =>
        text.Replace(output, "/built", StringComparison.Ordinal);
}
