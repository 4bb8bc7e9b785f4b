using System.Reflection;

namespace Hud.NodeAgent.Run;

internal static class AgentVersion
{
    public static string Text { get; } =
        typeof(AgentVersion)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+')[0]
        ?? "0";
}
