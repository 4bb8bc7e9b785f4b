using Hud.Kubernetes;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Hud.Operator;

/// <summary>Traces and metrics over OTLP, when the standard variables ask for it.</summary>
public sealed class Telemetry : IDisposable
{
    private readonly MeterProvider? _meters;
    private readonly TracerProvider? _traces;

    public Telemetry(Func<string, string?> environment)
    {
        // without an endpoint the exporters would try localhost for ever
        if (string.IsNullOrEmpty(environment("OTEL_EXPORTER_OTLP_ENDPOINT")))
            return;
        var resource = ResourceBuilder
            .CreateDefault()
            .AddService("hud-operator", serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString());
        _meters = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(OperatorMeter.Name, KubernetesMeter.Name)
            .AddOtlpExporter()
            .Build();
        _traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource(OperatorMeter.Name)
            .AddOtlpExporter()
            .Build();
    }

    public void Dispose()
    {
        _meters?.Dispose();
        _traces?.Dispose();
    }
}
