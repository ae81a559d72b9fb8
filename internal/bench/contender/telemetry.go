package contender

import (
	"context"
	"errors"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
)

// telemetryQueue is the sending queue of a logs exporter with file storage.
type telemetryQueue struct {
	exporter exporter.Logs
	storage  extension.Extension
	end      context.CancelFunc
}

// telemetryHost has the storage that the exporter looks for.
type telemetryHost map[component.ID]component.Component

func (h telemetryHost) GetExtensions() map[component.ID]component.Component { return h }

func openTelemetry(ctx context.Context, dir string) (Contender, error) {
	settings := component.TelemetrySettings{
		Logger: zap.NewNop(), TracerProvider: nooptrace.NewTracerProvider(), MeterProvider: noopmetric.NewMeterProvider(),
		Resource: pcommon.NewResource(),
	}
	factory := filestorage.NewFactory()
	config := factory.CreateDefaultConfig().(*filestorage.Config) //nolint:errcheck,forcetypeassert // it is the factory's own type
	config.Directory, config.FSync = dir, true
	storageID := component.NewID(factory.Type())
	storage, err := factory.Create(ctx, extension.Settings{ID: storageID, TelemetrySettings: settings}, config)
	if err != nil {
		return nil, err
	}
	host := telemetryHost{storageID: storage}
	queue := exporterhelper.NewDefaultQueueConfig()
	queue.StorageID, queue.QueueSize, queue.NumConsumers = &storageID, 1<<40, 1
	// Its one consumer waits in its first delivery, since accepting is what is
	// measured.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	hold := func(context.Context, plog.Logs) error { <-life.Done(); return nil }
	logs, err := exporterhelper.NewLogs(ctx,
		exporter.Settings{ID: component.NewID(component.MustNewType("entries")), TelemetrySettings: settings}, config, hold,
		exporterhelper.WithQueue(configoptional.Some(queue)),
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{}))
	if err == nil {
		err = errors.Join(storage.Start(ctx, host), logs.Start(ctx, host))
	}
	if err != nil {
		end()
		return nil, err
	}
	return &telemetryQueue{exporter: logs, storage: storage, end: end}, nil
}

func (q *telemetryQueue) Accept(value []byte) error {
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetEmptyBytes().FromRaw(value)
	return q.exporter.ConsumeLogs(context.Background(), logs)
}

func (q *telemetryQueue) Close() error {
	q.end()
	ctx := context.Background()
	return errors.Join(q.exporter.Shutdown(ctx), q.storage.Shutdown(ctx))
}
