using System.Text.Json;
using Hud.Cli.Commands;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Cli.Run;

/// <summary>
/// A saved report, checked before it is believed: every field has a default, so any JSON object could be read as a report of
/// a service without a single poll.
/// </summary>
internal static class ReportFile
{
    private const int MaxBytes = 64 * 1024 * 1024;
    private const string Stdin = "-";
    private static readonly string[] Objects = ["session", "summary"];

    /// <param name="path">- for stdin.</param>
    /// <exception cref="DiagnosticException">HUD005.</exception>
    public static ProfileDocument Load(string path)
    {
        string name = path == Stdin ? "stdin" : FlagValues.Shown(path);
        try
        {
            return Parse(Read(path), name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Bad($"{name} cannot be read: {FlagValues.Why(e)}");
        }
    }

    /// <param name="name">What it is, for messages.</param>
    /// <exception cref="DiagnosticException">HUD005.</exception>
    public static ProfileDocument Parse(byte[] json, string name)
    {
        try
        {
            using (var tree = JsonDocument.Parse(json))
            {
                if (Problem(tree.RootElement) is { } problem)
                    throw Bad($"{name} {problem.Why}", problem.Next);
            }

            RequireWhole(json, name);

            return JsonSerializer.Deserialize(json, HudJson.Default.ProfileDocument)!;
        }
        catch (InvalidOperationException)
        {
            throw Bad($"{name} is not a report: a text in it is not Unicode"); // what reading a text from the tree throws
        }
        catch (JsonException e)
        {
            // the exception's own message names types of this program
            string at = e.LineNumber is { } line ? $" at line {line + 1}" : "";
            throw Bad(
                e.Path is { Length: > 1 } field
                    ? $"{name} is not a report: the value of {field[2..]}{at} is of the wrong kind"
                    : $"{name} is not JSON: the file is cut short or has another format{at}"
            );
        }
    }

    private static void RequireWhole(byte[] json, string name)
    {
        try
        {
            _ = ProfileWeight.Of(json);
        }
        catch (JsonException e)
        {
            throw Bad($"{name} is not a whole report: {e.Message}");
        }
    }

    private static byte[] Read(string path)
    {
        using var file = path == Stdin ? Console.OpenStandardInput() : File.OpenRead(path);
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = file.Read(buffer)) > 0)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > MaxBytes)
                throw Bad($"{path} is larger than {MaxBytes / 1024 / 1024} MiB");
        }

        // a byte order mark, which some editors add, is not JSON
        byte[] all = bytes.ToArray();
        return all is [0xef, 0xbb, 0xbf, ..] ? all[3..] : all;
    }

    private static (string Why, string Next)? Problem(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return ($"is not a report but {Kind(root)}", Write);
        if (Text(root, "kind") == ProfilingSession.KindName)
        {
            string session =
                root.TryGetProperty("metadata", out var meta) && meta.ValueKind == JsonValueKind.Object
                    ? Text(meta, "name") ?? "NAME"
                    : "NAME";
            return (
                $"is a {ProfilingSession.KindName}, which has its report elsewhere",
                $"kubectl hud export {FlagValues.Shown(session)} report.json"
            );
        }

        if (Text(root, "schemaVersion") is not { } version)
            return ("is not a report: it has no schemaVersion", Write);
        if (version != ProfileDocument.CurrentSchemaVersion)
            return (
                $"is a report of the version {FlagValues.Shown(version)}, and this hud reads {ProfileDocument.CurrentSchemaVersion}",
                "read it with the hud that wrote it, or run again"
            );
        return
            Array.Find(
                Objects,
                field => !root.TryGetProperty(field, out var value) || value.ValueKind != JsonValueKind.Object
            )
                is { } missing
            ? ($"is not a whole report: it has no {missing}", Write)
            : null;
    }

    private const string Write = "write one with: hud PROCESS --export report.json";

    private static string Kind(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Array => "a list",
            JsonValueKind.String => "a text",
            JsonValueKind.Number => "a number",
            _ => "a single word",
        };

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static DiagnosticException Bad(string message, string next = Write) =>
        new(new(DiagnosticKinds.BadUsage, message, next));
}
