// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

// What libFuzzer calls. The entry is named by the environment variable FUZZ_ENTRY.

import Glibc

/// The octets that handling one input may hold at a time.
private let mostHeldOctets = 16 << 20

private let entry: FuzzEntry = {
    guard let name = getenv("FUZZ_ENTRY"), let entry = FuzzEntry(rawValue: String(cString: name)) else {
        print("FUZZ_ENTRY names none of \(FuzzEntry.allCases.map(\.rawValue))")
        exit(2)
    }
    return entry
}()

@_silgen_name("allocation_meter_begin") private func allocationMeterBegin()
@_silgen_name("allocation_meter_peak") private func allocationMeterPeak() -> Int

/// Handles one input; stops the process when something does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ octets: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: octets, count: count))
    let chosen = entry
    allocationMeterBegin()
    let fault = chosen.fault(of: input)
    let peak = allocationMeterPeak()
    if let fault {
        stop("fault: \(fault)")
    }
    if peak > mostHeldOctets {
        stop("fault: \(peak) octets held at a time for \(count) octets of input")
    }
    return 0
}

private func stop(_ reason: String) -> Never {
    let line = Array((reason + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
    abort()
}
