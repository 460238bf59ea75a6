// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The contract of this build.
public enum Contract {
    /// The text of `openapi.yaml`, UTF-8.
    public static var openAPI: [UInt8] { PackageResources.openapi_yaml }
}
