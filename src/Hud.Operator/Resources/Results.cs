using System.Security.Cryptography;
using System.Text;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Reports.Formats;
using k8s.Models;

namespace Hud.Operator.Resources;

/// <summary>Renders the files a session asked for and builds the ConfigMaps that hold them. Pure.</summary>
public static class Results
{
    /// <summary>The API server takes 1 MiB with everything; base64 and metadata need their part.</summary>
    public const int MaxConfigMapBytes = 900 << 10;

    public static IReadOnlyList<(V1ConfigMap Map, ResultReference Reference)> Build(
        SessionEntity session,
        ProfilingSessionSpec spec,
        ProfileDocument profile
    )
    {
        var all = new List<(V1ConfigMap, ResultReference)>();
        foreach (var wanted in spec.Output.Formats.Distinct())
        {
            if (!ReportFormats.TryGet(wanted, out var format))
                continue; // the caller says which are missing
            var bytes = format.Render(profile, ReportFormats.MaxConfigMapBytes, out var truncated);
            var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
            var name = Names.Derived(session.Name, wanted.ToString().ToLowerInvariant());
            var map = new V1ConfigMap
            {
                Metadata = new V1ObjectMeta
                {
                    Name = name,
                    NamespaceProperty = session.Namespace,
                    Labels = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        ["app.kubernetes.io/name"] = "hud",
                        ["app.kubernetes.io/component"] = "result",
                        ["app.kubernetes.io/managed-by"] = Names.Manager,
                        [Names.SessionUidLabel] = session.Uid,
                        [Names.FormatLabel] = wanted.ToString(),
                    },
                    Annotations = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        [Names.Sha256Annotation] = hash,
                    },
                    OwnerReferences = [Owner(session)],
                },
                Immutable = true,
            };
            if (format.IsBinary)
                map.BinaryData = new Dictionary<string, byte[]>(StringComparer.Ordinal) { [format.Key] = bytes };
            else
                map.Data = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    [format.Key] = Encoding.UTF8.GetString(bytes),
                };
            all.Add(
                (
                    map,
                    new ResultReference
                    {
                        Format = wanted,
                        ConfigMap = name,
                        Key = format.Key,
                        Bytes = bytes.Length,
                        Sha256 = hash,
                        Truncated = truncated,
                    }
                )
            );
        }
        return all;
    }

    public static IReadOnlyList<OutputFormat> Unsupported(ProfilingSessionSpec spec) =>
        [.. spec.Output.Formats.Distinct().Where(f => !ReportFormats.TryGet(f, out _))];

    private static V1OwnerReference Owner(SessionEntity session) =>
        new()
        {
            ApiVersion = ProfilingSession.FullApiVersion,
            Kind = ProfilingSession.KindName,
            Name = session.Name,
            Uid = session.Uid,
            Controller = true,
            BlockOwnerDeletion = false,
        };
}
