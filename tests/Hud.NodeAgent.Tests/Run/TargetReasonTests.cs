using System.Text.RegularExpressions;
using Hud.Core.Diagnostics;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

public sealed class TargetReasonTests
{
    public static TheoryData<string> Kinds =>
        [
            .. (
                (DiagnosticKind[])
                    [
                        DiagnosticKinds.NotTokio,
                        DiagnosticKinds.NoSuchProcess,
                        DiagnosticKinds.TargetGone,
                        DiagnosticKinds.SeveralProcesses,
                        DiagnosticKinds.ForeignBinary,
                        DiagnosticKinds.UnreadableExecutable,
                        DiagnosticKinds.SlowProbeSites,
                    ]
            ).Select(k => k.Id),
        ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_a_target_fails_for_is_a_documented_reason(string id)
    {
        string reason = TargetProcess.ReasonOf(DiagnosticKinds.All.Single(k => k.Id == id));
        string row = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "docs", "kubernetes.md"))
            .Single(l => l.StartsWith("| `Failed` |", StringComparison.Ordinal));
        Assert.Matches($@"\b{Regex.Escape(reason)}\b", row);
    }
}
