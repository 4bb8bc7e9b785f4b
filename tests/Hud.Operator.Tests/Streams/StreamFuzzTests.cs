using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Hud.Analysis;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Streams;
using k8s.Models;

namespace Hud.Operator.Tests.Streams;

/// <summary>
/// What an agent writes is written by a program that looked into an untrusted one, and a session by whoever may make sessions. The operator
/// serves all namespaces: nothing in either may end it.
/// </summary>
public sealed class StreamFuzzTests
{
    private static readonly ProfileDocument Whole = BuiltDocuments.OnePathThreeCauses("web-0");

    private static byte[] Json(ProfileDocument document) =>
        JsonSerializer.SerializeToUtf8Bytes(document, HudJson.Default.ProfileDocument);

    /// <summary>The lines of an agent that ran well.</summary>
    private static List<byte[]> Lines()
    {
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        writer.Write(new HelloMessage());
        writer.Write(new TargetMessage { Index = 0, Target = Whole.Targets[0] });
        writer.Write(
            new ProgressMessage
            {
                ElapsedNs = 1_000_000_000,
                Summary = Whole.Summary,
                Hotspots = Whole.Hotspots,
                Workers = [new WorkerNow()],
                Tasks = Whole.Tasks,
                SlowPolls = Whole.SlowPolls,
            }
        );
        writer.Write(new WarningMessage());
        writer.WriteProfile(Whole);
        writer.Write(new EndMessage { Reason = "Completed" });
        return
        [
            .. Encoding
                .UTF8.GetString(output.ToArray())
                .Split('\n')
                .Where(l => l.Length > 0)
                .Select(Encoding.UTF8.GetBytes),
        ];
    }

    [Fact]
    public void No_line_of_an_agent_ends_its_reader()
    {
        var lines = Lines();
        Fuzz.Run(
            "agent's lines",
            [
                [0],
            ],
            (_, random) =>
            {
                var stream = new AgentStream(TimeProvider.System);
                int damaged = random.Next(lines.Count);
                for (int i = 0; i < lines.Count; i++)
                    stream.Accept(i == damaged || random.Next(8) == 0 ? JsonDamage.Of(lines[i], random) : lines[i]);
                if (stream.TakePacked() is { } packed)
                    ProfilePack.Open(packed, out long _, out string _);
                Written(Decide(Make.Running(), stream.Snapshot));
                stream.End();
                Assert.True(stream.Snapshot.Ended);
                Written(Decide(Make.Ended(), stream.Snapshot));
            }
        );
    }

    [Fact]
    public void No_profile_of_an_agent_ends_the_operator()
    {
        using var intake = new ProfileIntake(TimeProvider.System);
        byte[] whole = Json(Whole);
        Fuzz.Run(
            "agent's profile",
            [whole],
            (bytes, random) =>
            {
                byte[] plain = random.Next(4) == 0 ? bytes : JsonDamage.Of(whole, random);
                byte[] packed = Pack(plain);
                if (random.Next(8) == 0)
                    packed = Fuzz.Damage(packed, random);
                var (kept, error) = intake.KeepAsync(packed, random.Next(1, 500), default).GetAwaiter().GetResult();
                Assert.Equal(kept is null, error.Length > 0);
                if (kept is null)
                    return;
                intake.Release(kept);
                var snapshot = new StreamSnapshot
                {
                    Profile = kept,
                    EndMessage = new EndMessage { Reason = "Completed" },
                };
                Decision decision;
                try
                {
                    decision = Decide(Make.Ended(), snapshot);
                }
#pragma warning disable CA1031 // as the controller does, which fails this session with the reason
                catch (Exception)
#pragma warning restore CA1031
                {
                    Written(Decide(Make.Ended(), snapshot with { Profile = null, ProfileError = "as it is" }));
                    return;
                }

                Written(decision);
            }
        );
    }

    [Fact]
    public void No_spec_ends_the_watch_of_all_sessions()
    {
        byte[] whole = JsonSerializer.SerializeToUtf8Bytes(
            Make.Session(status: Make.Status(Make.Target(0)), name: "first"),
            SessionJson
        );
        var validator = new SessionValidator(SessionScope.Cluster);
        Fuzz.Run(
            "session",
            [whole],
            (bytes, random) =>
            {
                byte[] json = random.Next(4) == 0 ? bytes : JsonDamage.Of(whole, random);
                SessionEntity? session;
                try
                {
                    session = JsonSerializer.Deserialize<SessionEntity>(json, SessionJson);
                }
                catch (JsonException)
                {
                    return;
                }

                if (session is null || !session.TryReadSpec(out var spec, out string error))
                    return;
                Assert.Empty(error);
                var result = validator.Validate(spec);
                Assert.All(result.Errors, e => Assert.NotEmpty(e.ErrorMessage));
                if (result.IsValid)
                    Assert.InRange(spec.Duration.Nanoseconds, 1, long.MaxValue);
                session.ReadStatus();
            }
        );
    }

    private static readonly JsonSerializerOptions SessionJson = new(JsonSerializerDefaults.Web);

    private static Decision Decide(V1Pod pod, StreamSnapshot stream) =>
        SessionDecider.Decide(Make.Observation(Make.Status(Make.Target(0)), [Make.Agent(pod, stream)]));

    private static void Written(Decision decision) =>
        Assert.NotEmpty(JsonSerializer.SerializeToUtf8Bytes(decision.Status, HudJson.Default.ProfilingSessionStatus));

    private static byte[] Pack(byte[] plain)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(plain);
        return packed.ToArray();
    }
}
