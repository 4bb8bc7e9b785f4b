using System.Diagnostics.CodeAnalysis;
using Hud.Elf;
using Hud.Tests.Support;

namespace Hud.Unwinding.Tests;

/// <summary>
/// gdb's unwinder is the independent answer: on states recorded earlier, which need no tools, and on states of programs that are
/// built and stopped here and now. With HUD_RECORD_STACKS=folder the latter are written there as the former.
/// </summary>
public sealed class GdbTests
{
    public static TheoryData<string> Programs => [.. RecordedProgram.All.Select(p => p.Name)];

    /// <summary>Not kept: c-debug-frame, whose compressed tables have no parts to choose from.</summary>
    public static TheoryData<string> Kept =>
        [.. RecordedProgram.All.Select(p => p.Name).Where(n => n != "c-debug-frame")];

    [Theory]
    [MemberData(nameof(Kept))]
    public void Frames_of_recorded_states_are_those_that_gdb_saw(string name)
    {
        var path = Path.Combine(RecordedFixture.Folder, name + ".gz");
        var comparison = Compare(name, RecordedFixture.Read(path));
        Assert.True(comparison.Stacks >= 20, $"only {comparison.Stacks} states");
    }

    [Fact]
    public void Signed_return_addresses_give_the_same_frames()
    {
        var states = RecordedFixture.Read(Path.Combine(RecordedFixture.Folder, "arm-signed.gz"));
        foreach (var state in states)
        {
            foreach (var pc in state.Frames.Skip(1).Select(f => f.Pc))
            {
                for (var at = 0; at + 8 <= state.Stack.Length; at += 8)
                {
                    if (BitConverter.ToUInt64(state.Stack, at) == pc)
                    {
                        BitConverter.TryWriteBytes(state.Stack.AsSpan(at), pc | 0x005a_0000_0000_0000);
                    }
                }
            }
        }

        Compare("arm-signed", states);
    }

    [Fact]
    public void At_least_200_stacks_of_5_programs_are_recorded()
    {
        var all = Directory
            .GetFiles(RecordedFixture.Folder, "*.gz")
            .Select(f => RecordedFixture.Read(f).Count)
            .ToArray();
        Assert.True(all.Length >= 5, $"{all.Length} programs");
        Assert.True(all.Sum() >= 200, $"{all.Sum()} stacks");
    }

    [Theory]
    [MemberData(nameof(Programs))]
    [SuppressMessage("Reliability", "CA2000", Justification = "the sources live as long as the comparison")]
    public void Frames_are_those_that_gdb_sees(string name)
    {
        var output = Directory.CreateTempSubdirectory("hud-stacks-").FullName;
        try
        {
            var program = RecordedProgram.All.Single(p => p.Name == name);
            var lines = new Recorder(output).Record(program, out var reason);
            if (lines is null)
            {
                Missing.Because(reason);
                return;
            }

            var states = StackRecording.Read(
                lines,
                path => FileByteSource.TryOpen(path, out var source, out _) ? source : null
            );
            Assert.True(states.Count >= program.States / 2, $"only {states.Count} states were recorded; {reason}");
            if (
                Environment.GetEnvironmentVariable("HUD_RECORD_STACKS") is { Length: > 0 } folder
                && name != "c-debug-frame"
            )
            {
                RecordedFixture.Write(Path.Combine(folder, name + ".gz"), lines, states, 60, output);
            }

            Compare(name, states);
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }

    private static GdbComparison Compare(string name, List<RecordedState> states)
    {
        var comparison = new GdbComparison(RecordedProgram.All.Single(p => p.Name == name).Allowed);
        for (var i = 0; i < states.Count; i++)
        {
            comparison.Add(name, states[i], i);
        }

        TestContext.Current.SendDiagnosticMessage(
            "{0}: {1} stacks, {2} frames, {3} cut at a poll, {4} different",
            name,
            comparison.Stacks,
            comparison.Frames,
            comparison.Polls,
            comparison.Differences.Count
        );
        Assert.True(comparison.Differences.Count == 0, string.Join('\n', comparison.Differences.Take(5)));
        return comparison;
    }
}
