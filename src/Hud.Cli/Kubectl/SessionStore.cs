using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Hud.Cli.Commands;
using Hud.Cli.Run;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Reports.Text;

namespace Hud.Cli.Kubectl;

/// <summary>Sessions and their results, read and made through kubectl.</summary>
internal sealed class SessionStore(KubectlClient kubectl)
{
    public const string Resource = ProfilingSession.Plural + "." + ProfilingSession.Group;
    private const string PolicyResource = ProfilingPolicy.Plural + "." + ProfilingPolicy.Group;

    public ProfilingSession Get(string name)
    {
        var answer = kubectl.Try(["get", Resource, name, "-o", "json"]);
        if (answer.Exit != 0 && answer.Error.Contains("NotFound", StringComparison.Ordinal))
            throw new DiagnosticException(
                new(
                    DiagnosticKinds.NoSuchSession,
                    $"there is no ProfilingSession {name} here",
                    "list them with: kubectl hud get -A"
                )
            );
        if (answer.Exit != 0)
            throw new DiagnosticException(
                new(DiagnosticKinds.KubectlFailed, answer.Error, "kubectl hud doctor checks what is missing")
            );
        return Read(answer.Output);
    }

    /// <param name="selector">Labels that they have, as for kubectl; null for any.</param>
    public IReadOnlyList<ProfilingSession> List(bool allNamespaces, string? selector = null) =>
        Items(Resource, allNamespaces, selector, static item => Read(Encoding.UTF8.GetBytes(item.GetRawText())));

    public IReadOnlyList<PolicyRow> Policies(bool allNamespaces, string? selector = null) =>
        Items(PolicyResource, allNamespaces, selector, ReadPolicy);

    /// <summary>One call; kubectl reads a long list in pages.</summary>
    private List<T> Items<T>(string resource, bool allNamespaces, string? selector, Func<JsonElement, T> read)
    {
        string[] words = ["get", resource, "-o", "json"];
        using var list = Parse(
            kubectl.Run([
                .. words,
                .. allNamespaces ? ["-A"] : Array.Empty<string>(),
                .. selector is null ? [] : new[] { "--selector=" + selector },
            ])
        );
        return list.RootElement.TryGetProperty("items", out var items) ? [.. items.EnumerateArray().Select(read)] : [];
    }

    private static JsonDocument Parse(byte[] json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw Unreadable("a list", e);
        }
    }

    private static PolicyRow ReadPolicy(JsonElement item)
    {
        try
        {
            return PolicyRow.Of(
                Part(item, "metadata", HudJson.Default.ObjectMetadata) ?? new ObjectMetadata(),
                Part(item, "spec", HudJson.Default.ProfilingPolicySpec) ?? new ProfilingPolicySpec(),
                Part(item, "status", HudJson.Default.ProfilingPolicyStatus)
            );
        }
        catch (JsonException e)
        {
            throw Unreadable("a ProfilingPolicy", e);
        }
    }

    private static T? Part<T>(JsonElement item, string name, JsonTypeInfo<T> type)
        where T : class => item.TryGetProperty(name, out var part) ? part.Deserialize(type) : null;

    /// <param name="name">Null lets the server choose one that begins with <paramref name="prefix"/>.</param>
    public ProfilingSession Create(ProfilingSessionSpec spec, string? name, string prefix)
    {
        var manifest = new JsonObject
        {
            ["apiVersion"] = ProfilingSession.FullApiVersion,
            ["kind"] = ProfilingSession.KindName,
            ["metadata"] = name is null
                ? new JsonObject { ["generateName"] = prefix }
                : new JsonObject { ["name"] = name },
            ["spec"] = JsonSerializer.SerializeToNode(spec, HudJson.Default.ProfilingSessionSpec),
        };
        return Read(kubectl.Run(["create", "-f", "-", "-o", "json"], manifest.ToJsonString()));
    }

    /// <summary>The profile document of a finished session, checked against its hash.</summary>
    public ProfileDocument Report(ProfilingSession session) =>
        ReportFile.Parse(
            Result(session, OutputFormat.Report) ?? throw NoReport(session, "did not ask for the format Report"),
            $"the report of session {FlagValues.Shown(session.Metadata.Name)}"
        );

    /// <summary>The bytes of one result; null when the session has none of this format.</summary>
    public byte[]? Result(ProfilingSession session, OutputFormat format)
    {
        if (session.Status is not { } status || !IsFinished(session))
            throw NoReport(session, "is not finished");
        if (status.Results.FirstOrDefault(r => r.Format == format) is not { } reference)
            return null;
        var answer = kubectl.Try(["get", "configmap", reference.ConfigMap, "-o", "json"]);
        if (answer.Exit != 0 && answer.Error.Contains("(Forbidden)", StringComparison.Ordinal))
            throw NoReport(
                session,
                $"has its report in the ConfigMap {reference.ConfigMap}, and you may not read ConfigMaps in this namespace",
                "ask for the right to get configmaps here; the cluster role view includes it"
            );
        if (answer.Exit != 0)
            throw NoReport(session, $"names the ConfigMap {reference.ConfigMap}, which cannot be read: {answer.Error}");
        using var map = JsonDocument.Parse(answer.Output);
        byte[]? bytes =
            map.RootElement.TryGetProperty("data", out var data) && data.TryGetProperty(reference.Key, out var text)
                ? Encoding.UTF8.GetBytes(text.GetString() ?? "")
            : map.RootElement.TryGetProperty("binaryData", out var binary)
            && binary.TryGetProperty(reference.Key, out var base64)
                ? base64.GetBytesFromBase64()
            : null;
        if (bytes is null)
            throw NoReport(session, $"names {reference.ConfigMap}/{reference.Key}, which is not there");
        return reference.Sha256.Length == 0 || Convert.ToHexStringLower(SHA256.HashData(bytes)) == reference.Sha256
            ? bytes
            : throw NoReport(
                session,
                $"says another hash than that of {reference.ConfigMap}/{reference.Key}: it was changed"
            );
    }

    public static bool IsFinished(ProfilingSession session) => Is(session, "Complete") || Is(session, "Failed");

    public static bool Is(ProfilingSession session, string condition) => Find(session, condition)?.Status == "True";

    public static Condition? Find(ProfilingSession session, string condition) =>
        session.Status?.Conditions.FirstOrDefault(c => c.Type == condition);

    private static ProfilingSession Read(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, HudJson.Default.ProfilingSession)
                ?? throw new JsonException("nothing");
        }
        catch (JsonException e)
        {
            throw Unreadable("a ProfilingSession", e);
        }
    }

    private static DiagnosticException Unreadable(string what, JsonException e) =>
        new(
            new(
                DiagnosticKinds.KubectlFailed,
                $"the answer isn't {what}: {e.Message}",
                "the operator may be of another version than this plugin"
            )
        );

    private static DiagnosticException NoReport(ProfilingSession session, string why, string? next = null) =>
        new(
            new(
                DiagnosticKinds.NoReport,
                $"session {session.Metadata.Name} {why}",
                next ?? $"kubectl hud describe {session.Metadata.Name} shows its state"
            )
        );
}
