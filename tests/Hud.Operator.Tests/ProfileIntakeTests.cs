using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Streams;
using Hud.Operator.Tests.Scripted;
using k8s.Models;

namespace Hud.Operator.Tests;

/// <summary>Profiles come from agents that looked into untrusted programs: none of them may end the operator, or another's session.</summary>
public sealed class ProfileIntakeTests
{
    public static TheoryData<string, string> Hostile =>
        new()
        {
            { "54 MB in 0.9 MB or less", $$"""{"verdict":"{{new string('a', 54_000_000)}}"}""" },
            { "two bytes an object", $$"""{"slowPolls":[{{Many("{}", 1_300_000)}}]}""" },
            { "two bytes a number", $$"""{"workers":[{"latencyHistogram":[{{Many("1", 2_000_000)}}]}]}""" },
            { "three bytes a list", $$"""{"slowPolls":[{{Many("[]", 1_300_000)}}]}""" },
            { "nothing in a list", """{"targets":[null]}""" },
            { "no object at all", "null" },
            { "no end", """{"verdict":""" },
            { "numbers out of range", """{"summary":{"polls":1e400}}""" },
        };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task A_profile_that_cannot_be_read_ends_its_own_session_and_no_other(string _, string json)
    {
        var (bad, good) = (Session("bad", "uid-1"), Session("good", "uid-2"));
        await using var world = new ScriptedWorld(Make.Options, [bad, good], [Agent("uid-1"), Agent("uid-2")])
        {
            AgentLogs =
            {
                [Names.AgentPod("uid-1", "n1")] = Log(Pack(Encoding.UTF8.GetBytes(json))),
                [Names.AgentPod("uid-2", "n1")] = Log(PackedProfile.Of(Make.Profile(Make.Target(0))).Bytes),
            },
        };
        await world.Ready;
        await EndAsync(world, "bad");
        await EndAsync(world, "good");

        var failed = world.Status("bad").Condition(ConditionTypes.Failed);
        Assert.Equal("AgentCrashed", failed.Reason);
        Assert.Contains("the profile", failed.Message, StringComparison.Ordinal);
        Assert.Equal("True", world.Status("good").Condition(ConditionTypes.Complete).Status);
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public void What_is_refused_is_refused_before_it_takes_memory(string what, string json)
    {
        var packed = Pack(Encoding.UTF8.GetBytes(json));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(ProfilePack.Open(packed, out _, out var error));
        Assert.NotEmpty(error);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 2 * StreamLimits.MaxProfileBytes, what);
    }

    [Theory]
    [InlineData(
        """{"hotspots":[{"stackIndex":2000000000,"holderStackIndex":-7}],"slowPolls":[{"worker":-1,"task":2000000000,"stack":99}]}"""
    )]
    [InlineData("""{"summary":{"workers":-1,"observedNs":-9223372036854775808,"polls":9223372036854775807}}""")]
    [InlineData(
        """{"workers":[{"latencyByStack":[{"stackIndex":-5,"function":"f","count":-1,"totalNs":-1,"maxNs":-1}],"target":9}]}"""
    )]
    public async Task A_profile_that_makes_no_sense_ends_its_session_one_way_or_another(string json)
    {
        var spec = Make.Spec() with { Output = new OutputSpec { Formats = [.. Enum.GetValues<OutputFormat>()] } };
        await using var world = new ScriptedWorld(Make.Options, [Session("odd", "uid-1", spec)], [Agent("uid-1")])
        {
            AgentLogs = { [Names.AgentPod("uid-1", "n1")] = Log(Pack(Encoding.UTF8.GetBytes(json))) },
        };
        await world.Ready;
        await EndAsync(world, "odd");
    }

    [Fact]
    public async Task Whatever_waits_stays_within_the_budget_and_later_ones_are_cut_before_any_is_refused()
    {
        using var intake = new ProfileIntake(TimeProvider.System);
        var large = PackedProfile.Of(Large(6000)).Bytes;
        Assert.InRange(large.Length, 100 << 10, StreamLimits.MaxCompressedProfileBytes);
        var kept = new List<PackedProfile>();
        for (var i = 0; i < 200; i++)
        {
            var (profile, error) = await intake.KeepAsync(large, 1, CancellationToken.None);
            Assert.Equal("", error);
            kept.Add(profile!);
            Assert.InRange(intake.HeldBytes, 1, ProfileIntake.MaxHeldBytes);
        }
        Assert.False(kept[0].Open().Truncated);
        Assert.True(kept[^1].Open() is { Truncated: true, Losses.SlowPollsCut: > 0, SlowPolls.Count: > 0 });

        kept.ForEach(intake.Release);
        Assert.Equal(0, intake.HeldBytes);
    }

    [Fact]
    public async Task The_profiles_of_one_session_together_are_no_more_than_one()
    {
        using var intake = new ProfileIntake(TimeProvider.System);
        var (profile, _) = await intake.KeepAsync(PackedProfile.Of(Large(14000)).Bytes, 20, CancellationToken.None);
        Assert.NotNull(ProfilePack.Open(profile!.Bytes, out var weight, out _));
        Assert.InRange(weight * 20, 1, StreamLimits.MaxProfileHeapBytes);
    }

    [Fact]
    public async Task Who_stops_in_the_middle_of_a_profile_holds_up_nobody()
    {
        var sessions = Enumerable.Range(0, ProfileIntake.MaxReceiving + 1).Select(i => Session($"s{i}", $"uid-{i}"));
        var whole = Log(PackedProfile.Of(Large(12000)).Bytes);
        var lines = Encoding.UTF8.GetString(whole).Split('\n');
        Assert.True(lines.Length > 5, "several parts");
        var half = Encoding.UTF8.GetBytes(string.Join('\n', lines.Take(3)) + "\n");
        await using var world = new ScriptedWorld(
            Make.Options,
            [.. sessions],
            [.. Enumerable.Range(0, ProfileIntake.MaxReceiving + 1).Select(i => Agent($"uid-{i}"))],
            new Hurry()
        );
        for (var i = 0; i < ProfileIntake.MaxReceiving; i++)
            world.AgentLogs[Names.AgentPod($"uid-{i}", "n1")] = half;
        world.AgentLogs[Names.AgentPod($"uid-{ProfileIntake.MaxReceiving}", "n1")] = whole;
        await world.Ready;
        for (var i = 0; i < ProfileIntake.MaxReceiving; i++)
            await world.ReconcileAsync($"s{i}");
        await EndAsync(world, $"s{ProfileIntake.MaxReceiving}");
        Assert.Equal("True", world.Status($"s{ProfileIntake.MaxReceiving}").Condition(ConditionTypes.Complete).Status);
    }

    private static Task EndAsync(ScriptedWorld world, string name) =>
        Objects.UntilAsync(
            () =>
                world.ReconcileAsync(name).Result.RequeueAfter is null || world.Status(name).CompletionTime is not null,
            "the end of " + name
        );

    private static Entities.SessionEntity Session(string name, string uid, ProfilingSessionSpec? spec = null) =>
        Make.Session(spec, Make.Status(Make.Target(0)), name, uid);

    private static V1Pod Agent(string uid)
    {
        var pod = Make.Ended();
        pod.Metadata = new V1ObjectMeta
        {
            Name = Names.AgentPod(uid, "n1"),
            NamespaceProperty = Make.Options.Namespace,
            Uid = "agent-" + uid,
            Labels = new Dictionary<string, string>() { [Names.SessionUidLabel] = uid },
        };
        return pod;
    }

    /// <summary>Random times, so that it does not compress to nothing.</summary>
    private static ProfileDocument Large(int polls)
    {
        var random = new Random(1);
        return Make.Profile(Make.Target(0)) with
        {
            SlowPolls =
            [
                .. Enumerable
                    .Range(0, polls)
                    .Select(_ => new SlowPoll
                    {
                        StartNs = random.NextInt64(1L << 40),
                        WallNs = random.NextInt64(1L << 40),
                        OnCpuNs = random.NextInt64(1L << 40),
                        TaskId = (ulong)random.NextInt64(1L << 40),
                    }),
            ],
        };
    }

    private static byte[] Pack(byte[] plain)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(plain);
        return buffer.ToArray();
    }

    private static byte[] Log(byte[] packed)
    {
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        writer.Write(new HelloMessage());
        var hash = Convert.ToHexStringLower(SHA256.HashData(packed));
        var parts = packed.Chunk(StreamLimits.ProfilePartBytes).ToList();
        for (var i = 0; i < parts.Count; i++)
            writer.Write(
                new ProfilePartMessage
                {
                    Part = i + 1,
                    Parts = parts.Count,
                    Sha256 = hash,
                    Data = Convert.ToBase64String(parts[i]),
                }
            );
        writer.Write(new EndMessage { Reason = "Completed" });
        return output.ToArray();
    }

    private static string Many(string item, int count) => string.Join(',', Enumerable.Repeat(item, count));
}
