FROM alpine   	
RUN a  
CMD ["x"]  
