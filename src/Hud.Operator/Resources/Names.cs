using System.Security.Cryptography;
using System.Text;

namespace Hud.Operator.Resources;

/// <summary>Labels, annotations and names of what the operator makes.</summary>
public static class Names
{
    public const string Manager = "hud-operator";
    public const string SessionUidLabel = "hud.dev/session-uid";
    public const string SessionAnnotation = "hud.dev/session";
    public const string NodeAnnotation = "hud.dev/node";
    public const string Sha256Annotation = "hud.dev/sha256";
    public const string FormatLabel = "hud.dev/format";
    public const string AgentContainer = "agent";

    /// <summary>Of an agent that watches all the time, in the place of the session's UID.</summary>
    public const string PolicyUidLabel = "hud.dev/policy-uid";

    /// <summary>Namespace and name of its policy.</summary>
    public const string PolicyAnnotation = "hud.dev/policy";

    /// <summary>What it watches now, as a JSON array of <see cref="Core.Stream.AgentTarget"/>: it reads the annotation as a file.</summary>
    public const string TargetsAnnotation = "hud.dev/targets";

    /// <summary>Which parts of the past are asked for, as a JSON array of LookBackRequest: it reads the annotation as a file.</summary>
    public const string LookBackAnnotation = "hud.dev/look-backs";

    /// <summary>The hash of all that cannot be changed while it runs.</summary>
    public const string TaskAnnotation = "hud.dev/task";

    public const string MetricsContainer = "metrics";
    public const string MetricsPort = "metrics";

    /// <summary>The selector that finds agent pods, and only them.</summary>
    public const string AgentSelector = "app.kubernetes.io/name=hud,app.kubernetes.io/component=agent";

    public const string ContinuousComponent = "continuous-agent";

    /// <summary>The selector that finds the agents that watch all the time, and only them.</summary>
    public const string ContinuousSelector = "app.kubernetes.io/name=hud,app.kubernetes.io/component=continuous-agent";

    /// <summary>The selector that finds both kinds.</summary>
    public const string AllAgentsSelector =
        "app.kubernetes.io/name=hud,app.kubernetes.io/component in (agent,continuous-agent)";

    /// <summary>Follows from policy and node alone, so two leaders cannot make two agents.</summary>
    public static string ContinuousPod(string policyUid, string node) =>
        "hud-continuous-" + Hash("continuous|" + policyUid + "|" + node);

    /// <summary>Follows from session and node alone, so two leaders cannot make two agents.</summary>
    public static string AgentPod(string sessionUid, string node) => "hud-agent-" + Hash(sessionUid + "|" + node);

    /// <summary>Within 253 characters whatever the session is called; <paramref name="suffix"/> keeps its whole length.</summary>
    public static string Derived(string session, string suffix) =>
        session.Length + suffix.Length + 1 <= 253
            ? $"{session}-{suffix}"
            : $"{session[..(253 - suffix.Length - 18)]}-{Hash(session)}-{suffix}";

    /// <summary>16 hex digits.</summary>
    public static string Hash(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
}
