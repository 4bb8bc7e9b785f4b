using System.Diagnostics.CodeAnalysis;
using Hud.Profiling.Elf;
using Hud.Profiling.Tests.Elf;

namespace Hud.Profiling.Tests.Stacks;

/// <summary>gdb's unwinder is the independent answer, on states of programs that are built and stopped here and now.</summary>
public sealed class GdbTests
{
    [Theory]
    [MemberData(nameof(Programs))]
    [SuppressMessage("Reliability", "CA2000", Justification = "the sources live as long as the comparison")]
    public void Frames_are_those_that_gdb_sees(string name)
    {
        var output = Directory.CreateTempSubdirectory("hud-stacks-").FullName;
        try
        {
            var program = RecordedProgram.All.Single(p => p.Name == name);
            var lines = program.Record(output, out var reason);
            if (lines is null)
            {
                Missing.Because(reason);
                return;
            }

            var comparison = new GdbComparison();
            var states = StackRecording.Read(lines, path => FileByteSource.TryOpen(path, out var source, out _) ? source : null);
            for (var i = 0; i < states.Count; i++)
            {
                comparison.Add(name, states[i], i);
            }

            TestContext.Current.SendDiagnosticMessage(
                "{0}: {1} stacks, {2} frames, {3} cut at a poll, {4} different", name, comparison.Stacks, comparison.Frames, comparison.Polls, comparison.Differences.Count);
            Assert.True(comparison.Stacks >= program.States / 2, $"only {comparison.Stacks} states were recorded; {reason}");
            Assert.True(comparison.Differences.Count == 0, string.Join('\n', comparison.Differences.Take(5)));
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }

    public static TheoryData<string> Programs => [.. RecordedProgram.All.Select(p => p.Name)];
}
