using System.Text.RegularExpressions;
using Hud.Core.Diagnostics;

namespace Hud.NodeAgent.Tests.Run;

public sealed class TargetReasonTests
{
    public static TheoryData<string> Kinds =>
        [
            .. DiagnosticKinds
                .All.Where(k => k.TargetReason is not null && k != DiagnosticKinds.TooManyTargets) // of some targets, never of a session
                .Select(k => k.Id),
        ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_a_target_fails_for_is_a_documented_reason(string id)
    {
        string reason = DiagnosticKinds.All.Single(k => k.Id == id).TargetReason ?? "";
        string row = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "docs", "kubernetes.md"))
            .Single(l => l.StartsWith("| `Failed` |", StringComparison.Ordinal));
        Assert.NotEmpty(reason);
        Assert.Matches($@"\b{Regex.Escape(reason)}\b", row);
    }
}
