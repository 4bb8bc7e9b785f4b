using Hud.Core.Api;

namespace Hud.Operator.Policies;

/// <summary>What is told of alerts that made no session: of those with the same reason the first, and how many others there are. Pure.</summary>
public static class AlertNotices
{
    public static IEnumerable<PolicyNotice> Of(IEnumerable<AlertLeftOut> leftOut) =>
        leftOut
            .Where(a => a.Reason is not null)
            .GroupBy(a => (a.Reason, a.About))
            .Select(alerts =>
            {
                var (first, others) = (alerts.First(), alerts.Count() - 1);
                var more =
                    others == 0 ? ""
                    : others == 1 ? ", nor does 1 other"
                    : $", nor do {others} others";
                return new PolicyNotice(
                    first.Reason!,
                    first.About,
                    $"{first.Alert.Described} makes no session{more}: {first.Why}",
                    Warning: first.Reason == PolicyReasons.AlertPodNotSelected
                );
            });
}
