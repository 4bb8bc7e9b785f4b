using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Alerts;
using Hud.Operator.Entities;
using Hud.Operator.Tests.Policies;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.Alerts;

public sealed class AlertInboxTests
{
    [Fact]
    public async Task Each_policy_that_takes_an_alert_is_woken_once_and_no_other()
    {
        var broken = OnAlert(name: "broken", uid: "u5");
        broken.Spec = System.Text.Json.JsonDocument.Parse("""{"triggers":{"alert":{"cooldown":5}}}""").RootElement;
        var leaving = OnAlert(name: "leaving", uid: "u6");
        leaving.Metadata.DeletionTimestamp = Now.UtcDateTime;
        await using var world = new PolicyWorld([
            OnAlert(name: "one", uid: "u1"),
            OnAlert(name: "two", uid: "u2"),
            OnAlert(Slow with { MatchLabels = Labels(("alertname", "Down")) }, name: "other", uid: "u3"),
            OnAlert(Slow with { Suspend = true }, name: "suspended", uid: "u4"),
            Policy(name: "scheduled", uid: "u7"),
            broken,
            leaving,
        ]);
        await world.Ready;
        var woken = new List<EntityKey>();
        world.Inbox.Open(woken.Add);
        Assert.Equal(
            new AlertReceipt(AlertAnswer.Accepted, 2, 2),
            world.Inbox.Offer([Alert("f1"), Alert("f2"), Alert("f3", 0, ("namespace", "bank"))])
        );
        Assert.Equal(["shop/one", "shop/two"], woken.Select(k => k.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal(["f1", "f2"], world.Inbox.Of(OnAlert(name: "one", uid: "u1")).Select(a => a.Fingerprint));
        // a policy of its name that is another one gets none of them
        Assert.Empty(world.Inbox.Of(OnAlert(name: "one", uid: "u9")));
        world.Inbox.Done(OnAlert(name: "one", uid: "u1"), [Pending("f1")]);
        Assert.Equal(["f2"], world.Inbox.Of(OnAlert(name: "one", uid: "u1")).Select(a => a.Fingerprint));
        world.Inbox.Close();
        Assert.Empty(world.Inbox.Of(OnAlert(name: "two", uid: "u2")));
        Assert.Equal(AlertAnswer.NotLeading, world.Inbox.Offer([Alert("f1")]).Answer);
    }

    [Fact]
    public async Task All_policies_together_keep_to_one_bound()
    {
        var policies = Enumerable.Range(0, 20).Select(i => OnAlert(name: $"p{i}", uid: $"u{i}")).ToArray();
        await using var world = new PolicyWorld(policies);
        await world.Ready;
        world.Inbox.Open(_ => { });
        var storm = Enumerable.Range(0, 1000).Select(i => Alert($"f{i}")).ToArray();
        Assert.Equal(AlertAnswer.Full, world.Inbox.Offer(storm).Answer);
        Assert.Equal(AlertInbox.MaxInAll, policies.Sum(p => world.Inbox.Of(p).Count));
        foreach (var policy in policies)
            world.Inbox.Forget(policy);
        Assert.Equal(AlertAnswer.Accepted, world.Inbox.Offer(storm[..100]).Answer);
    }
}
