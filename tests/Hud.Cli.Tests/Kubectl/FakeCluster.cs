using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hud.Cli.Tests.Run;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Cli.Tests.Kubectl;

/// <summary>A folder that a scripted kubectl answers from.</summary>
internal sealed class FakeCluster : IDisposable
{
    public static string Kubectl => Path.Combine(AppContext.BaseDirectory, "Kubectl", "fake-kubectl.py");

    private readonly JsonObject _sessions = [];
    private readonly JsonObject _maps = [];

    public string Folder { get; } = Directory.CreateTempSubdirectory("hud-cluster-").FullName;

    public string Calls => File.ReadAllText(Path.Combine(Folder, "calls"));

    public string Created => File.ReadAllText(Path.Combine(Folder, "created.json"));

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>Each look at the session shows the next of its states; the last one stays.</summary>
    public FakeCluster With(string name, params ProfilingSessionStatus[] states)
    {
        _sessions[name] = new JsonArray([
            .. states.Select(s =>
                JsonSerializer.SerializeToNode(
                    new ProfilingSession
                    {
                        Metadata = new ObjectMetadata
                        {
                            Name = name,
                            Namespace = "shop",
                            Uid = "u-1",
                            CreationTimestamp = DateTimeOffset.UtcNow.AddMinutes(-5),
                        },
                        Spec = new ProfilingSessionSpec { Target = new TargetSpec { PodName = "a" } },
                        Status = s,
                    },
                    HudJson.Default.ProfilingSession
                )
            ),
        ]);
        File.WriteAllText(Path.Combine(Folder, "sessions.json"), _sessions.ToJsonString());
        return this;
    }

    /// <summary>Agents on several nodes; the log of the node "late" cannot be read at first.</summary>
    public FakeCluster WithAgents(params string[] nodes)
    {
        File.WriteAllText(
            Path.Combine(Folder, "pods.json"),
            new JsonArray([.. nodes.Select(n => JsonValue.Create("pod/hud-agent-p99#" + n))]).ToJsonString()
        );
        return this;
    }

    public FakeCluster WithPolicies(string json)
    {
        File.WriteAllText(Path.Combine(Folder, "policies.json"), json);
        return this;
    }

    public FakeCluster WithReport(string map, ProfileDocument document)
    {
        _maps[map] = new JsonObject
        {
            ["data"] = new JsonObject
            {
                ["report.json"] = JsonSerializer.Serialize(document, HudJson.Default.ProfileDocument),
            },
        };
        File.WriteAllText(Path.Combine(Folder, "configmaps.json"), _maps.ToJsonString());
        return this;
    }

    public static ProfilingSessionStatus Completed(string map, ProfileDocument document, Condition? more = null) =>
        new()
        {
            Phase = SessionPhase.Completed,
            Verdict = document.Verdict,
            TargetsReady = "1/1",
            Summary = new StatusSummary { BlockedPercent = 11, WorstPoll = "383ms" },
            Results =
            [
                new ResultReference
                {
                    Format = OutputFormat.Report,
                    ConfigMap = map,
                    Key = "report.json",
                    Sha256 = Sha(JsonSerializer.Serialize(document, HudJson.Default.ProfileDocument)),
                },
            ],
            Conditions =
            [
                new Condition
                {
                    Type = "Complete",
                    Status = "True",
                    Reason = "AllTargetsProfiled",
                },
                .. more is null ? Array.Empty<Condition>() : [more],
            ],
        };

    public static ProfilingSessionStatus Profiling { get; } =
        new()
        {
            Phase = SessionPhase.Profiling,
            TargetsReady = "0/1",
            Conditions =
            [
                new Condition
                {
                    Type = "Reconciling",
                    Status = "True",
                    Reason = "Profiling",
                    Message = "one agent runs",
                },
            ],
        };

    public static ProfilingSessionStatus Failed(string reason) =>
        new()
        {
            Phase = SessionPhase.Failed,
            Conditions =
            [
                new Condition
                {
                    Type = "Failed",
                    Status = "True",
                    Reason = reason,
                    Message = "no pod matches app=checkout",
                },
            ],
        };

    public (int Exit, string Output, string Error) Run(params string[] arguments) => RunBroken("", arguments);

    public (int Exit, string Output, string Error) RunBroken(string broken, params string[] arguments)
    {
        using var hud = new HudProcess(
            null,
            ["kubectl", .. arguments],
            new()
            {
                ["HUD_KUBECTL"] = Kubectl,
                ["FAKE_CLUSTER"] = Folder,
                ["FAKE_BROKEN"] = broken,
                ["BROWSER"] = "",
                ["DISPLAY"] = "",
                ["WAYLAND_DISPLAY"] = "",
            }
        );
        return hud.Wait();
    }

    private static string Sha(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
