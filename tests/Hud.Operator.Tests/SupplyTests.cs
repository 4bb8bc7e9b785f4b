using System.Text.Json;

namespace Hud.Operator.Tests;

/// <summary>What the images are made of, and what they say of it.</summary>
public sealed class SupplyTests
{
    private static string Read(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, file));

    [Fact]
    public void The_notices_name_every_package_that_the_operator_contains()
    {
        var notices = Read("THIRD-PARTY-NOTICES.txt").Split('\n').ToHashSet(StringComparer.Ordinal);
        using var dependencies = JsonDocument.Parse(Read("hud-operator.deps.json"));
        var packages = dependencies
            .RootElement.GetProperty("targets")
            .EnumerateObject()
            .SelectMany(t => t.Value.EnumerateObject())
            .Where(l =>
                l.Value.TryGetProperty("runtime", out _) && !l.Name.StartsWith("hud-", StringComparison.Ordinal)
            )
            .Where(l => !l.Name.StartsWith("Hud.", StringComparison.Ordinal))
            .Select(l => l.Name.Replace('/', ' '))
            .ToList();
        Assert.NotEmpty(packages);
        Assert.DoesNotContain(packages, p => !notices.Contains(p));
    }

    [Fact]
    public void Bases_are_given_and_both_images_carry_the_licenses_of_what_they_hold()
    {
        var lines = Read("Dockerfile").Split('\n');
        Assert.All(
            lines.Where(l => l.StartsWith("FROM ", StringComparison.Ordinal)),
            l => Assert.DoesNotContain(":", l, StringComparison.Ordinal)
        );
        Assert.Contains("ARG SDK", lines);
        Assert.Contains("ARG RUNTIME", lines);
        Assert.Equal(2, lines.Count(l => l == "COPY LICENSE THIRD-PARTY-NOTICES.txt /"));
        Assert.Contains("COPY bpf/LICENSES /LICENSES", lines);
    }
}
