using System.Text.Json;
using Hud.Cli.Run;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Reports.Text;

namespace Hud.Cli.Kubectl;

/// <summary>Why does nothing appear? Each link of the chain from the server to the node, with the next step where it is broken.</summary>
internal sealed class ClusterDoctor(KubectlClient kubectl, KubectlClient operators, string operatorNamespace)
{
    public int Run(string? session, string? format)
    {
        var checks = new List<PreflightCheck>();
        var server = kubectl.Try(["version", "-o", "json"]);
        checks.Add(
            Check(
                "server",
                server.Exit == 0,
                server.Exit == 0 ? ServerVersion(server.Output) : server.Error,
                "check kubectl's context and your login"
            )
        );
        if (server.Exit == 0)
        {
            checks.Add(Resource());
            checks.Add(May("create", SessionStore.Resource, "ask for the cluster role hud-edit (edit includes it)"));
            checks.Add(May("get", "configmaps", "ask for the cluster role view: reports are ConfigMaps"));
            checks.Add(Operator());
            checks.Add(PodSecurity());
            checks.Add(Nodes());
            if (session is not null)
                checks.AddRange(Session(session));
        }

        var report = new PreflightReport { Checks = checks };
        Console.Out.Write(
            format is not null
                ? DataText.Render(report, HudJson.Indented.PreflightReport, format)
                : PreflightText.Render(report, TextReport.DefaultWidth, Terminal.Color)
        );
        return checks.All(c => c.Ok) ? 0 : DiagnosticKinds.KubectlFailed.ExitCode;
    }

    private PreflightCheck Resource()
    {
        var answer = kubectl.Try(["api-resources", "--api-group=hud.dev", "-o", "name"]);
        bool there = answer.Exit == 0 && answer.Text.Contains(SessionStore.Resource, StringComparison.Ordinal);
        return Check(
            "resource",
            there,
            there ? SessionStore.Resource : "the server does not know ProfilingSession",
            "install the chart, or: kubectl apply -k config/default"
        );
    }

    private PreflightCheck May(string verb, string resource, string next)
    {
        var answer = kubectl.Try(["auth", "can-i", verb, resource]);
        return Check($"may {verb}", answer.Exit == 0, $"{verb} {resource}: {(answer.Exit == 0 ? "yes" : "no")}", next);
    }

    private PreflightCheck Operator()
    {
        var answer = operators.Try(["get", "deployment", "-l", "app.kubernetes.io/name=hud", "-o", "json"]);
        if (answer.Exit != 0)
            return Unknown("operator", answer.Error);
        using var list = JsonDocument.Parse(answer.Output);
        var items = list.RootElement.GetProperty("items");
        long ready = items
            .EnumerateArray()
            .Sum(d =>
                d.TryGetProperty("status", out var s) && s.TryGetProperty("readyReplicas", out var n) ? n.GetInt64() : 0
            );
        return Check(
            "operator",
            ready > 0,
            items.GetArrayLength() == 0
                ? $"no operator in namespace {operatorNamespace}"
                : $"{ready} ready in namespace {operatorNamespace}",
            items.GetArrayLength() == 0
                ? "install the chart, or name its namespace with --operator-namespace"
                : $"kubectl -n {operatorNamespace} describe deployment shows why"
        );
    }

    private PreflightCheck PodSecurity()
    {
        var answer = operators.Try(["get", "namespace", operatorNamespace, "-o", "json"]);
        if (answer.Exit != 0)
            return Unknown("pod security", answer.Error);
        using var space = JsonDocument.Parse(answer.Output);
        string level =
            space.RootElement.GetProperty("metadata").TryGetProperty("labels", out var labels)
            && labels.TryGetProperty("pod-security.kubernetes.io/enforce", out var l)
                ? l.GetString() ?? ""
                : "";
        bool ok = level is "" or "privileged";
        return Check(
            "pod security",
            ok,
            level.Length == 0
                ? $"namespace {operatorNamespace} sets no level"
                : $"namespace {operatorNamespace} enforces {Printable.Clean(level)}",
            ok
                ? ""
                : $"kubectl label namespace {operatorNamespace} --overwrite pod-security.kubernetes.io/enforce=privileged"
        );
    }

    private PreflightCheck Nodes()
    {
        var answer = kubectl.Try(["get", "nodes", "-o", "json"]);
        if (answer.Exit != 0)
            return Unknown("nodes", answer.Error);
        using var list = JsonDocument.Parse(answer.Output);
        var kernels = list
            .RootElement.GetProperty("items")
            .EnumerateArray()
            .Select(n => n.GetProperty("status").GetProperty("nodeInfo").GetProperty("kernelVersion").GetString() ?? "")
            .GroupBy(k => k, StringComparer.Ordinal)
            .ToList();
        var old = kernels.Where(k => IsTooOld(k.Key)).ToList();
        return Check(
            "nodes",
            old.Count == 0,
            string.Join(", ", kernels.Take(5).Select(k => $"{k.Count()} with Linux {Printable.Clean(k.Key)}")),
            old.Count == 0 ? "" : "pods on nodes before Linux 5.15 cannot be profiled"
        );
    }

    private List<PreflightCheck> Session(string name)
    {
        ProfilingSession session;
        try
        {
            session = new SessionStore(kubectl).Get(name);
        }
        catch (DiagnosticException e)
        {
            return [Check("session", false, e.Diagnostic.Message, e.Diagnostic.NextStep)];
        }

        // Failed, Stalled and Reconciling are good news when they are False
        return
        [
            .. (session.Status?.Conditions ?? []).Select(c =>
            {
                bool negative = c.Type is "Failed" or "Stalled";
                bool ok =
                    c.Type == "Reconciling"
                    || c.Status == "Unknown"
                    || c.Status == (negative ? "False" : "True")
                    || (c.Type is "Ready" or "Complete" && !SessionStore.IsFinished(session));
                return Check(
                    Printable.Clean(c.Type),
                    ok,
                    $"{c.Status}, {c.Reason}{(c.Message.Length > 0 ? ": " + c.Message : "")}",
                    ""
                );
            }),
        ];
    }

    /// <summary>What may not be looked at does not prove a fault.</summary>
    private static PreflightCheck Unknown(string name, string error) => Check(name, true, "not known: " + error, "");

    private static PreflightCheck Check(string name, bool ok, string detail, string next) =>
        new()
        {
            Name = name,
            Ok = ok,
            Detail = detail,
            NextStep = ok ? "" : next,
        };

    private static string ServerVersion(byte[] json)
    {
        using var version = JsonDocument.Parse(json);
        return
            version.RootElement.TryGetProperty("serverVersion", out var server)
            && server.TryGetProperty("gitVersion", out var git)
            ? "Kubernetes " + git.GetString()
            : "answers";
    }

    private static bool IsTooOld(string kernel)
    {
        string[] parts = kernel.Split('.', '-', '+');
        return parts.Length >= 2
            && int.TryParse(parts[0], out int major)
            && int.TryParse(parts[1], out int minor)
            && (major < 5 || (major == 5 && minor < 15));
    }
}
