// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing

@testable import GatewayCore

@Suite("Metrics")
struct MetricsTests {
    @Test("Counters, histograms and gauges are written as Prometheus text")
    func text() {
        let metrics = GatewayMetrics(version: "1.2.3")
        metrics.requests.increment(MetricLabels("/a\"b", "GET", "200"))
        metrics.requestDuration.observe(.milliseconds(2), MetricLabels("/a"))
        var present = GatewayMetrics.Present()
        present.jobs = [("running", 3)]
        let text = metrics.text(present)
        #expect(text.contains("cosem_gateway_build_info{version=\"1.2.3\"} 1\n"))
        #expect(text.contains(#"cosem_gateway_http_requests_total{route="/a\"b",method="GET",code="200"} 1"#))
        #expect(text.contains(#"cosem_gateway_http_request_duration_seconds_bucket{route="/a",le="0.001"} 0"#))
        #expect(text.contains(#"cosem_gateway_http_request_duration_seconds_bucket{route="/a",le="0.005"} 1"#))
        #expect(text.contains(#"cosem_gateway_http_request_duration_seconds_count{route="/a"} 1"#))
        #expect(text.contains(#"cosem_gateway_jobs{state="running"} 3"#))
        #expect(text.contains("process_open_fds "))
    }

    @Test("OpenMetrics announces counters without their suffix, and ends with a mark")
    func openMetrics() {
        let metrics = GatewayMetrics(version: "1.2.3")
        metrics.countRequest(route: "/a", method: "GET", status: 200, duration: .milliseconds(1))
        let text = metrics.text(GatewayMetrics.Present(), format: .openMetrics)
        #expect(text.contains("# TYPE cosem_gateway_http_requests counter\n"))
        #expect(text.contains(#"cosem_gateway_http_requests_total{route="/a",method="GET",code="200"} 1"#))
        #expect(text.hasSuffix("\n# EOF\n"))
        #expect(!metrics.text(GatewayMetrics.Present()).contains("# EOF"))
    }

    @Test("The end of the certificate is told once there is one")
    func certificate() {
        let metrics = GatewayMetrics(version: "1.2.3")
        #expect(!metrics.text(GatewayMetrics.Present()).contains("certificate_expiry"))
        metrics.noteCertificate(until: 1_800_000_000)
        let line = "cosem_gateway_tls_certificate_expiry_timestamp_seconds 1800000000\n"
        #expect(metrics.text(GatewayMetrics.Present()).contains(line))
    }

    @Test("A method that nobody knows makes no series of its own")
    func unknownMethods() {
        let metrics = GatewayMetrics(version: "1.2.3")
        for number in 0..<100 {
            metrics.countRequest(route: "/a", method: "M\(number)", status: 405, duration: .zero)
        }
        #expect(metrics.requests.value(MetricLabels("/a", "other", "405")) == 100)
    }

    @Test("A label cannot make series without bound")
    func bound() {
        let counter = MetricCounter("a", "b", labels: ["c"])
        for number in 0..<10_000 { counter.increment(MetricLabels("\(number)")) }
        var text = MetricsText(.prometheus)
        counter.write(into: &text)
        #expect(text.text.split(separator: "\n").count <= MetricFamily.mostSeries + 3)
        #expect(counter.value(.other) == UInt64(10_000 - MetricFamily.mostSeries))
    }
}
