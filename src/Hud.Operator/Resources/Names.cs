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

    /// <summary>The selector that finds agent pods, and only them.</summary>
    public const string AgentSelector = "app.kubernetes.io/name=hud,app.kubernetes.io/component=agent";

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
