using Hud.Core.Api;
using Hud.Operator.Alerts;
using Hud.Operator.Policies;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.Policies;

/// <summary>Which alerts are a policy's, and what is kept of them.</summary>
public sealed class AlertMatchTests
{
    private static bool Matches(AlertTriggerSpec spec, params (string, string)[] labels) =>
        AlertMatch.Matches(spec, "shop", Alert("f", 0, labels));

    [Fact]
    public void All_labels_have_to_be_there_with_their_values()
    {
        var spec = Slow with { MatchLabels = Labels(("alertname", "Slow"), ("severity", "page")) };
        Assert.True(Matches(spec, ("severity", "page"), ("job", "x")));
        Assert.False(Matches(spec, ("severity", "PAGE")));
        Assert.False(Matches(spec));
    }

    [Theory]
    [InlineData("In", "a", true)]
    [InlineData("In", "c", false)]
    [InlineData("In", "", false)]
    [InlineData("In", null, false)]
    [InlineData("NotIn", "a", false)]
    [InlineData("NotIn", "c", true)]
    [InlineData("NotIn", "", true)]
    [InlineData("NotIn", null, true)]
    [InlineData("Exists", "c", true)]
    [InlineData("Exists", "", false)]
    [InlineData("DoesNotExist", "c", false)]
    [InlineData("DoesNotExist", "", true)]
    [InlineData("DoesNotExist", null, true)]
    [InlineData("Matches", "a", false)]
    public void Expressions_mean_what_they_mean_for_pods(string sign, string? value, bool holds)
    {
        var spec = new AlertTriggerSpec
        {
            MatchExpressions = [new LabelSelectorRequirement("team", sign, sign.EndsWith('n') ? ["a", "b"] : null)],
        };
        Assert.Equal(holds, value is null ? Matches(spec) : Matches(spec, ("team", value)));
    }

    [Fact]
    public void An_alert_of_another_namespace_is_never_the_policys()
    {
        Assert.True(Matches(Slow, ("namespace", "shop")));
        Assert.True(Matches(Slow, ("namespace", "")));
        Assert.False(Matches(Slow, ("namespace", "bank")));
        Assert.False(Matches(Slow, ("namespace", "shop ")));
        var other = Slow with { NamespaceLabel = "kubernetes_namespace" };
        Assert.True(Matches(other, ("namespace", "bank")));
        Assert.False(Matches(other, ("kubernetes_namespace", "bank")));
    }

    [Fact]
    public void What_is_kept_of_an_alert_is_short_and_safe_to_show()
    {
        var hostile = Alert(
            "f",
            0,
            ("alertname", "\u001b[2J\u202eevil\n" + new string('x', 4000)),
            ("pod", new string('p', 4000)),
            ("container", "app")
        );
        var kept = PendingAlert.Of(Slow, hostile);
        Assert.Equal(PendingAlert.MaxNameLength, kept.Name.Length);
        Assert.StartsWith("?[2J?evil?xxx", kept.Name, StringComparison.Ordinal);
        Assert.Equal(254, kept.Pod!.Length); // no pod can have it
        Assert.Null(kept.Container); // no label was named for it
        Assert.InRange(kept.Described.Length, 1, 300);
        Assert.Equal("app", PendingAlert.Of(Slow with { ContainerLabel = "container" }, hostile).Container);
        Assert.Equal(
            ("alert f", null),
            (
                PendingAlert.Of(Slow, Alert("f", 0, ("alertname", ""), ("pod", ""))) is var plain
                    ? plain.Described
                    : "",
                plain.Pod
            )
        );
    }
}
