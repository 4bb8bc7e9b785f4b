using System.Text.Json;
using Hud.Operator;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;

namespace Hud.CrdTests.Harness;

/// <summary>The operator's own admission, of a spec as JSON.</summary>
internal static class OperatorAdmission
{
    public static string Read(string yaml) => Manifest.Json(ClusterTests.Harness.Yaml.Load(yaml))!.ToJsonString();

    public static Admission.Verdict Judge(string spec)
    {
        using var document = JsonDocument.Parse(spec);
        return Admission.Check(
            new SessionEntity
            {
                Metadata = new() { Name = "s", NamespaceProperty = "default" },
                Spec = document.RootElement,
            },
            out _,
            new OperatorOptions()
        );
    }

    public static Admission.Verdict JudgePolicy(string spec)
    {
        using var document = JsonDocument.Parse(spec);
        return PolicyAdmission.Check(
                new PolicyEntity
                {
                    Metadata = new() { Name = "p", NamespaceProperty = "default" },
                    Spec = document.RootElement,
                },
                new OperatorOptions(),
                DateTimeOffset.UnixEpoch.AddYears(56),
                out _,
                out _
            ) ?? Admission.Accepted;
    }
}
