// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// What the operating system tells about this process, under the usual Prometheus names.
enum ProcessFigures {
    /// Appends the families `process_*`.
    static func write(into text: inout String) {
        if let seconds = processorSeconds() {
            gauge("process_cpu_seconds_total", "Processor time used, in seconds.", "\(seconds)", .counter, into: &text)
        }
        if let octets = residentOctets() {
            gauge("process_resident_memory_bytes", "Memory in use.", "\(octets)", .gauge, into: &text)
        }
        if let count = openDescriptors() {
            gauge("process_open_fds", "Open file descriptors.", "\(count)", .gauge, into: &text)
        }
    }

    private static func gauge(
        _ name: String,
        _ help: String,
        _ value: String,
        _ kind: MetricFamily.Kind,
        into text: inout String
    ) {
        let family = MetricFamily(name: name, help: help, kind: kind, labelNames: [])
        family.writeHead(into: &text)
        family.writeSample(labels: MetricLabels(), value: value, into: &text)
    }

    private static func processorSeconds() -> Double? {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The second number of /proc/self/statm is the resident size in pages.
    private static func residentOctets() -> Int? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let octets = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let fields = String(decoding: octets, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func openDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = -3  // ".", ".." and the descriptor of the folder itself
        while readdir(folder) != nil { count += 1 }
        return count
    }
}
