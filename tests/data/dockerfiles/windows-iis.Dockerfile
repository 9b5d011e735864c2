# escape=`
FROM mcr.microsoft.com/windows/servercore/iis:windowsservercore-ltsc2022
SHELL ["powershell", "-Command", "$ErrorActionPreference = 'Stop';"]
RUN Remove-Item -Recurse C:\inetpub\wwwroot\* ; `
    New-Item -ItemType Directory C:\app
WORKDIR C:\app
COPY bin\ .
USER ContainerUser
EXPOSE 8443
